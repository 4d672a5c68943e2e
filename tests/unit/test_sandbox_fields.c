/* Tests of tests/sandbox/fields.h: the grammar of the `fields` parameter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sandbox/day.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/fields.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"

/* A voucher of one row, enough to write. */
struct sample {
    struct voucher_type type;
    struct account account;
    struct voucher voucher;
    struct posting posting;
    void *rows[1];
    char account_name[16], text[32];
};

static void sample_init(struct sample *sample)
{
    *sample = (struct sample){ .account_name = "Bank",
                               .text = "a \"b\"\t\\ \n\x01 \xf0\x9f\x90\x9f" };
    sample->type = (struct voucher_type){ .row = { 9, 1 }, .name = "Betaling" };
    sample->account = (struct account){ .row = { 8, 2 },
                                        .number = 1920,
                                        .name = sample->account_name };
    sample->rows[0] = &sample->posting;
    sample->voucher = (struct voucher){ .row = { 7, 3 },
                                        .number = 12,
                                        .year = 2026,
                                        .day = day_of(2026, 2, 28),
                                        .type = &sample->type,
                                        .postings = { sample->rows, 1, 1 } };
    sample->posting = (struct posting){ .row = { 6, 1 },
                                        .voucher = &sample->voucher,
                                        .account = &sample->account,
                                        .day = DAY_NONE,
                                        .description = sample->text,
                                        .amount = money_of_ore(-1) };
}

static void writes(const char *fields, const char *expected)
{
    struct sample sample;
    struct fields picked;
    struct fail fail = { 0 };
    struct out out = { 0 };
    size_t len;
    sample_init(&sample);
    assert_true(fields_parse(fields, &MODEL_POSTING, &picked, &fail));
    fields_write(&picked, &MODEL_POSTING, &sample.posting, &out);
    char *text = out_take(&out, &len);
    assert_string_equal(text, expected);
    free(text);
    fields_release(&picked);
}

static void refuses(const char *fields, const char *expected)
{
    struct fields picked;
    struct fail fail = { 0 };
    assert_false(fields_parse(fields, &MODEL_POSTING, &picked, &fail));
    assert_int_equal(fail.status, 400);
    assert_int_equal(fail.code, 11000);
    assert_non_null(strstr(fail.message, expected));
}

static void only_what_is_asked_for_is_written(void **state)
{
    (void)state;
    writes("id", "{\"id\":6}");
    writes("amount,date,id", "{\"amount\":-0.01,\"date\":null,\"id\":6}");
    writes("id,id", "{\"id\":6}");
    writes("description", "{\"description\":\"a \\\"b\\\"\\t\\\\ \\n\\u0001 \xf0\x9f\x90\x9f\"}");
}

static void references_are_named_or_opened(void **state)
{
    (void)state;
    writes("account", "{\"account\":{\"id\":8,\"url\":\"tripletex.invalid/v2/ledger/account/8\"}}");
    writes("account(number,name)", "{\"account\":{\"number\":1920,\"name\":\"Bank\"}}");
    writes("customer(name)", "{\"customer\":null}");
    writes("voucher(number,voucherType(name),postings(id,voucher(year)))",
           "{\"voucher\":{\"number\":12,\"voucherType\":{\"name\":\"Betaling\"},"
           "\"postings\":[{\"id\":6,\"voucher\":{\"year\":2026}}]}}");
    writes("account(id),account(number)", "{\"account\":{\"number\":1920}}");
}

static void a_star_means_every_field(void **state)
{
    struct fields picked;
    struct fail fail = { 0 };
    (void)state;
    const char *const all[] = { "", "*", "*,account(number)", "account(*)" };
    const uint32_t least[] = { 30, 30, 30, 1 };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        assert_true(fields_parse(all[i], &MODEL_POSTING, &picked, &fail));
        assert_true(picked.n >= least[i]);
        fields_release(&picked);
    }
}

static void what_is_no_field_is_refused(void **state)
{
    (void)state;
    refuses("foo", "foo is not a field of Posting");
    refuses("id,account(foo)", "foo is not a field of Account");
    refuses("#isBalance", "a field name is missing");
    refuses("account(#isBalance)", "a field name is missing");
    refuses("amount(id)", "amount has no fields of its own");
}

static void broken_grammar_is_refused(void **state)
{
    (void)state;
    refuses("id,", "a field name is missing");
    refuses(",id", "a field name is missing");
    refuses("account(id", "')' is missing");
    refuses("account()", "a field name is missing");
    refuses("id)", "unexpected ')'");
    refuses("id name", "unexpected ' name'");
    refuses("voucher(postings(voucher(postings("
            "voucher(postings(voucher(postings(voucher(id)))))))))",
            "nested deeper than");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_asked_for_is_written),
        cmocka_unit_test(references_are_named_or_opened),
        cmocka_unit_test(a_star_means_every_field),
        cmocka_unit_test(what_is_no_field_is_refused),
        cmocka_unit_test(broken_grammar_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
