#include "tests/sandbox/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/day.h"
#include "tests/sandbox/rows.h"

static const struct vec NO_ROWS;

static int32_t month_of(int32_t day)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    return year * 12 + month - 1;
}

static int32_t month_start(int32_t month)
{
    return day_of(month / 12, month % 12 + 1, 1);
}

int32_t ledger_first_day(const struct calendar *calendar)
{
    return calendar->first;
}

int32_t ledger_end_day(const struct calendar *calendar)
{
    return calendar->first + (int32_t)calendar->n;
}

const struct vec *ledger_day(const struct calendar *calendar, int32_t day)
{
    if (day < calendar->first || day >= ledger_end_day(calendar))
        return &NO_ROWS;
    return &calendar->day[day - calendar->first];
}

/* Make room for a day, with slack so that neighbours cost nothing. */
static struct vec *calendar_day(struct calendar *calendar, int32_t day)
{
    int32_t first = calendar->first, end = ledger_end_day(calendar);
    if (calendar->n == 0)
        first = end = day;
    if (day >= first && day < end)
        return &calendar->day[day - first];
    int32_t new_first = day < first ? day - 400 : first;
    int32_t new_end = day >= end ? day + 400 : end;
    struct vec *grown = mem_zero((size_t)(new_end - new_first) * sizeof(*grown));
    if (calendar->n)
        memcpy(grown + (first - new_first), calendar->day, calendar->n * sizeof(*grown));
    free(calendar->day);
    calendar->day = grown;
    calendar->first = new_first;
    calendar->n = (uint32_t)(new_end - new_first);
    return &grown[day - new_first];
}

/* The place of an id among the rows of a day. */
static uint32_t day_place(const struct vec *rows, int64_t id)
{
    uint32_t low = 0, high = rows->n;
    if (high > 0 && ((const struct row *)rows->at[high - 1])->id < id)
        return high;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (((const struct row *)rows->at[middle])->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void calendar_put(struct calendar *calendar, int32_t day, struct row *row)
{
    struct vec *rows = calendar_day(calendar, day);
    vec_insert(rows, day_place(rows, row->id), row);
}

static void calendar_take(struct calendar *calendar, int32_t day, const struct row *row)
{
    struct vec *rows = calendar_day(calendar, day);
    vec_remove(rows, day_place(rows, row->id));
}

static void calendar_release(struct calendar *calendar)
{
    for (uint32_t i = 0; i < calendar->n; i++)
        vec_release(&calendar->day[i]);
    free(calendar->day);
}

static money_t *ledger_month(struct ledger *ledger, int32_t month)
{
    int32_t first = ledger->first_month, end = first + (int32_t)ledger->months;
    if (ledger->months == 0)
        first = end = month;
    if (month < first || month >= end) {
        int32_t new_first = month < first ? month - 24 : first;
        int32_t new_end = month >= end ? month + 24 : end;
        size_t cells = (size_t)(new_end - new_first) * LEDGER_ACCOUNTS_MAX;
        money_t *grown = mem_zero(cells * sizeof(*grown));
        if (ledger->months)
            memcpy(grown + (size_t)(first - new_first) * LEDGER_ACCOUNTS_MAX, ledger->sums,
                   (size_t)ledger->months * LEDGER_ACCOUNTS_MAX * sizeof(*grown));
        free(ledger->sums);
        ledger->sums = grown;
        ledger->first_month = first = new_first;
        ledger->months = (uint32_t)(new_end - new_first);
    }
    return ledger->sums + (size_t)(month - first) * LEDGER_ACCOUNTS_MAX;
}

void ledger_put(struct ledger *ledger, struct posting *posting)
{
    calendar_put(&ledger->postings, posting->day, &posting->row);
    ledger_month(ledger, month_of(posting->day))[posting->account->ordinal] += posting->amount;
    ledger->n_postings++;
    ledger->revision++;
}

void ledger_take(struct ledger *ledger, struct posting *posting)
{
    calendar_take(&ledger->postings, posting->day, &posting->row);
    ledger_month(ledger, month_of(posting->day))[posting->account->ordinal] -= posting->amount;
    ledger->n_postings--;
    ledger->revision++;
}

void ledger_put_voucher(struct ledger *ledger, struct voucher *voucher)
{
    calendar_put(&ledger->vouchers, voucher->day, &voucher->row);
    ledger->revision++;
}

void ledger_take_voucher(struct ledger *ledger, struct voucher *voucher)
{
    calendar_take(&ledger->vouchers, voucher->day, &voucher->row);
    ledger->revision++;
}

void ledger_add_voucher(struct ledger *ledger, struct voucher *voucher)
{
    voucher->place = ledger->all.n;
    vec_add(&ledger->all, voucher);
    ledger_put_voucher(ledger, voucher);
    for (uint32_t i = 0; i < voucher->postings.n; i++)
        ledger_put(ledger, voucher->postings.at[i]);
}

void ledger_free_posting(struct posting *posting)
{
    free(posting->description);
    free(posting->invoice_number);
    free(posting->external_ref);
    free(posting);
}

static void ledger_free_voucher(struct voucher *voucher)
{
    for (uint32_t i = 0; i < voucher->postings.n; i++)
        ledger_free_posting(voucher->postings.at[i]);
    vec_release(&voucher->postings);
    free(voucher->description);
    free(voucher->external_number);
    free(voucher->vendor_invoice_number);
    free(voucher);
}

void ledger_drop_voucher(struct ledger *ledger, struct voucher *voucher)
{
    for (uint32_t i = 0; i < voucher->postings.n; i++)
        ledger_take(ledger, voucher->postings.at[i]);
    ledger_take_voucher(ledger, voucher);
    for (uint32_t i = 0; i < ledger->all.n; i++) {
        struct voucher *other = ledger->all.at[i];
        if (other->reverse == voucher)
            other->reverse = NULL;
    }
    struct voucher *last = ledger->all.at[ledger->all.n - 1];
    ledger->all.at[voucher->place] = last;
    last->place = voucher->place;
    ledger->all.n--;
    ledger_free_voucher(voucher);
}

void ledger_release(struct ledger *ledger)
{
    for (uint32_t i = 0; i < ledger->all.n; i++)
        ledger_free_voucher(ledger->all.at[i]);
    vec_release(&ledger->all);
    calendar_release(&ledger->postings);
    calendar_release(&ledger->vouchers);
    free(ledger->sums);
}

struct voucher *ledger_voucher(const struct ledger *ledger, int64_t id)
{
    for (uint32_t i = 0; i < ledger->all.n; i++) {
        struct voucher *voucher = ledger->all.at[i];
        if (voucher->row.id == id)
            return voucher;
    }
    return NULL;
}

static void ledger_sum_days(const struct ledger *ledger, int32_t from, int32_t to, money_t *sums)
{
    for (int32_t day = from; day < to; day++) {
        const struct vec *rows = ledger_day(&ledger->postings, day);
        for (uint32_t i = 0; i < rows->n; i++) {
            const struct posting *posting = rows->at[i];
            sums[posting->account->ordinal] += posting->amount;
        }
    }
}

static void ledger_sum_month(const struct ledger *ledger, int32_t month, money_t *sums)
{
    const money_t *of_month = ledger->sums +
                              (size_t)(month - ledger->first_month) * LEDGER_ACCOUNTS_MAX;
    for (uint32_t i = 0; i < LEDGER_ACCOUNTS_MAX; i++)
        sums[i] += of_month[i];
}

void ledger_sum(const struct ledger *ledger, int32_t from, int32_t to, money_t *sums)
{
    int32_t first = ledger_first_day(&ledger->postings), end = ledger_end_day(&ledger->postings);
    from = from < first ? first : from;
    to = to > end ? end : to;
    while (from < to) {
        int32_t month = month_of(from);
        int32_t next = month_start(month + 1);
        bool is_known = month >= ledger->first_month &&
                        month < ledger->first_month + (int32_t)ledger->months;
        if (from == month_start(month) && next <= to && is_known)
            ledger_sum_month(ledger, month, sums);
        else
            ledger_sum_days(ledger, from, next < to ? next : to, sums);
        from = next;
    }
}
