/* Tests of tests/sandbox/ledger.h, balance.h and mutate.h: the books stay whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/sandbox/balance.h"
#include "tests/sandbox/company.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/draft.h"
#include "tests/sandbox/mutate.h"
#include "tests/sandbox/rows.h"

static struct company *company_of(int fiscal_start_month, uint32_t postings)
{
    struct company_plan plan = { .org_nr = "974760673",
                                 .seed = 4,
                                 .first_year = 2024,
                                 .last_year = 2026,
                                 .postings_per_year = postings,
                                 .fiscal_start_month = fiscal_start_month,
                                 .now_unix_s = 1795500000 };
    return company_new(&plan);
}

/* The sum of an account over days, counted row by row. */
static money_t counted(const struct company *company, const struct account *account, int32_t from,
                       int32_t to)
{
    money_t sum = 0;
    for (uint32_t i = 0; i < company->ledger.all.n; i++) {
        const struct voucher *voucher = company->ledger.all.at[i];
        for (uint32_t r = 0; r < voucher->postings.n; r++) {
            const struct posting *row = voucher->postings.at[r];
            if (row->account == account && row->day >= from && row->day < to)
                sum += row->amount;
        }
    }
    return sum;
}

static void expect_balance(const struct company *company, int32_t from, int32_t to)
{
    struct vec rows = { 0 };
    struct balance_ask ask = { .from = from, .to = to, .with_quiet_accounts = true };
    struct annual_account year = company_year_at(company, from);
    balance_rows(company, &ask, &rows);
    assert_true(rows.n > 100);
    for (uint32_t i = 0; i < rows.n; i++) {
        struct balance_row *row = rows.at[i];
        int32_t since = row->account->is_balance ? INT32_MIN : year.start;
        assert_true(row->balance_in == counted(company, row->account, since, from));
        assert_true(row->balance_change == counted(company, row->account, from, to));
        assert_true(row->balance_out == row->balance_in + row->balance_change);
        free(row);
    }
    vec_release(&rows);
}

static void balances_equal_the_rows(void **state)
{
    (void)state;
    for (int month = 1; month <= 7; month += 6) {
        struct company *company = company_of(month, 400);
        expect_balance(company, day_of(2025, 1, 1), day_of(2025, 2, 1));
        expect_balance(company, day_of(2025, 9, 10), day_of(2025, 11, 21));
        expect_balance(company, day_of(2028, 2, 1), day_of(2028, 3, 1));
        company_free(company);
    }
}

static void a_year_has_the_bounds_it_was_given(void **state)
{
    (void)state;
    struct company *company = company_of(7, 10);
    struct annual_account year = company_year_at(company, day_of(2025, 7, 1));
    assert_int_equal(year.year, 2026);
    assert_int_equal(year.start, day_of(2025, 7, 1));
    assert_int_equal(company_year_at(company, day_of(2025, 6, 30)).year, 2025);
    assert_int_equal(company_year_at(company, day_of(2028, 7, 1)).start, day_of(2028, 7, 1));
    assert_int_equal(company_year_at(company, day_of(2022, 1, 1)).end, day_of(2022, 7, 1));
    assert_true(balance_in_one_year(company, day_of(2025, 7, 1), day_of(2026, 7, 1)));
    assert_false(balance_in_one_year(company, day_of(2025, 6, 30), day_of(2025, 7, 2)));
    assert_false(balance_in_one_year(company, day_of(2025, 7, 1), day_of(2025, 7, 1)));
    company_free(company);
}

/* Every voucher but the opening balance sums to 0, and every row is found under its day. */
static void expect_whole(const struct company *company)
{
    uint64_t rows = 0;
    for (uint32_t i = 0; i < company->ledger.all.n; i++) {
        const struct voucher *voucher = company->ledger.all.at[i];
        money_t sum = 0;
        for (uint32_t r = 0; r < voucher->postings.n; r++, rows++) {
            const struct posting *row = voucher->postings.at[r];
            sum += row->amount;
            assert_ptr_equal(
                company_row(ledger_day(&company->ledger.postings, row->day), row->row.id), row);
        }
        if (voucher->type != company->voucher_types.at[DRAFT_OPENING])
            assert_true(sum == 0);
        assert_int_equal(voucher->place, i);
    }
    assert_int_equal(rows, company->ledger.n_postings);
}

static void changes_keep_the_books_whole(void **state)
{
    (void)state;
    struct company *company = company_of(1, 500);
    uint32_t done[MUTATE_KINDS] = { 0 };
    expect_whole(company);
    mutate(company, &company->mutations, 1500, ~0u, false, done);
    for (int kind = 0; kind < MUTATE_KINDS; kind++)
        assert_true(done[kind] > 0);
    expect_whole(company);
    expect_balance(company, day_of(2025, 3, 1), day_of(2025, 4, 1));
    company_free(company);
}

static void the_same_seed_makes_the_same_books(void **state)
{
    (void)state;
    struct company *a = company_of(1, 300), *b = company_of(1, 300);
    assert_int_equal(a->ledger.n_postings, b->ledger.n_postings);
    assert_int_equal(a->next_id, b->next_id);
    for (uint32_t i = 0; i < a->ledger.all.n; i++) {
        const struct voucher *x = a->ledger.all.at[i], *y = b->ledger.all.at[i];
        assert_int_equal(x->row.id, y->row.id);
        assert_int_equal(x->day, y->day);
    }
    company_free(a);
    company_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(balances_equal_the_rows),
        cmocka_unit_test(a_year_has_the_bounds_it_was_given),
        cmocka_unit_test(changes_keep_the_books_whole),
        cmocka_unit_test(the_same_seed_makes_the_same_books),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
