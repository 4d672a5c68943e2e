/* Tests of tests/sandbox/digest.h: what moves a checksum, and what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sandbox/company.h"
#include "tests/sandbox/digest.h"
#include "tests/sandbox/edit.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/rows.h"

struct text {
    char at[DIGEST_TEXT_MAX];
};

static struct text digest_of(const struct posting *posting, const char *fields, int64_t count)
{
    struct digest digest;
    struct text text;
    struct query query = { .endpoint = params_endpoint("/ledger/posting"), .count = count };
    for (int i = 0; query.endpoint->params[i].name; i++) {
        if (strcmp(query.endpoint->params[i].name, "fields") == 0)
            query.text[i] = fields;
        if (strcmp(query.endpoint->params[i].name, "count") == 0)
            query.text[i] = count == 1 ? "1" : "2";
    }
    digest_init(&digest);
    digest_query(&digest, &query);
    digest_row(&digest, &MODEL_POSTING, posting, NULL);
    digest_format(&digest, text.at);
    return text;
}

static struct company *company_of_one(struct posting **ret_posting)
{
    struct company_plan plan = { .org_nr = "974760673",
                                 .seed = 1,
                                 .first_year = 2025,
                                 .last_year = 2025,
                                 .postings_per_year = 50,
                                 .now_unix_s = 1795500000 };
    struct company *company = company_new(&plan);
    struct voucher *voucher = company->ledger.all.at[1];
    *ret_posting = voucher->postings.at[0];
    return company;
}

static void the_page_does_not_count_but_the_fields_do(void **state)
{
    struct posting *posting;
    (void)state;
    struct company *company = company_of_one(&posting);
    struct text first = digest_of(posting, "id", 1);
    assert_string_equal(digest_of(posting, "id", 2).at, first.at);
    assert_string_not_equal(digest_of(posting, "id,amount", 1).at, first.at);
    assert_string_not_equal(digest_of(posting, NULL, 1).at, first.at);
    company_free(company);
}

static void only_the_rows_own_values_count(void **state)
{
    struct posting *posting;
    (void)state;
    struct company *company = company_of_one(&posting);
    struct text first = digest_of(posting, "*", 1);
    free(posting->account->name);
    posting->account->name = strdup("Nytt navn");
    edit_voucher_text(company, posting->voucher, "Ny tekst");
    assert_string_equal(digest_of(posting, "*", 1).at, first.at);
    edit_posting_amount(company, posting, money_of_ore(1));
    struct text second = digest_of(posting, "*", 1);
    assert_string_not_equal(second.at, first.at);
    edit_posting_account(company, posting, company->accounts.at[3]);
    assert_string_not_equal(digest_of(posting, "*", 1).at, second.at);
    company_free(company);
}

static void null_and_empty_are_not_the_same(void **state)
{
    struct posting *posting;
    (void)state;
    struct company *company = company_of_one(&posting);
    free(posting->description);
    posting->description = NULL;
    struct text none = digest_of(posting, "*", 1);
    posting->description = strdup("");
    assert_string_not_equal(digest_of(posting, "*", 1).at, none.at);
    company_free(company);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_does_not_count_but_the_fields_do),
        cmocka_unit_test(only_the_rows_own_values_count),
        cmocka_unit_test(null_and_empty_are_not_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
