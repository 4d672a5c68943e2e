#include "lib/ledger/slice.h"

#include "lib/base/clock.h"

enum {
    /* Norwegian charts: up to 3999 balance and sales, up to 9999 costs; longer numbers are rare. */
    ACCOUNT_MIDDLE = 4000,
    ACCOUNT_USUAL_END = 10000,
    NUMBER_FIRST_CUT = 8192,
};

struct slice slice_of_days(int32_t from_day, int32_t to_day)
{
    return (struct slice){ .days = { from_day, to_day } };
}

int slice_is_by_number(const struct slice *slice)
{
    return slice->number_to > 0;
}

int slice_is_below_day(const struct slice *slice)
{
    return slice->account_to > 0;
}

int slice_is_in_day(const struct slice *slice)
{
    return slice->days.to_day - slice->days.from_day == 1;
}

static int cut_days(const struct slice *slice, int32_t first, int32_t second,
                    struct slice ret_parts[SLICE_PARTS_MAX])
{
    int parts = 0;
    ret_parts[parts++] = slice_of_days(slice->days.from_day, first);
    if (second > first)
        ret_parts[parts++] = slice_of_days(first, second);
    int32_t last = second > first ? second : first;
    ret_parts[parts++] = slice_of_days(last, slice->days.to_day);
    return parts;
}

/* Three whole months are cut into these: one request less than by halves. */
static int is_quarter(const struct range *days)
{
    return clock_month_start(days->from_day) == days->from_day &&
           clock_add_months(days->from_day, 3) == days->to_day;
}

static int split_days(const struct slice *slice, const int32_t *year_starts, int years,
                      struct slice ret_parts[SLICE_PARTS_MAX])
{
    struct range halves[2];
    int has_year_inside = 0;
    for (int i = 0; i < years; i++)
        has_year_inside |= year_starts[i] > slice->days.from_day &&
                           year_starts[i] < slice->days.to_day;
    if (!has_year_inside && is_quarter(&slice->days))
        return cut_days(slice, clock_add_months(slice->days.from_day, 1),
                        clock_add_months(slice->days.from_day, 2), ret_parts);
    if (range_split(&slice->days, year_starts, years, halves) == 0)
        return 0;
    return cut_days(slice, halves[1].from_day, 0, ret_parts);
}

static int32_t middle(int32_t from, int32_t to)
{
    return from + (to - from) / 2;
}

static int32_t account_cut(int32_t from, int32_t to)
{
    if (to != SLICE_NO_END)
        return middle(from, to);
    if (from < ACCOUNT_MIDDLE)
        return ACCOUNT_MIDDLE;
    if (from < ACCOUNT_USUAL_END)
        return ACCOUNT_USUAL_END;
    return from <= SLICE_NO_END / 10 ? from * 10 : middle(from, to);
}

static int split_accounts(const struct slice *slice, struct slice ret_parts[SLICE_PARTS_MAX])
{
    int32_t to = slice->account_to == 0 ? SLICE_NO_END : slice->account_to;
    ret_parts[0] = ret_parts[1] = *slice;
    if (to - slice->account_from == 1) {
        ret_parts[0].number_to = SLICE_NO_END;
        return 1;
    }
    int32_t cut = account_cut(slice->account_from, to);
    ret_parts[0].account_to = ret_parts[1].account_from = cut;
    ret_parts[1].account_to = to;
    return 2;
}

static int split_numbers(const struct slice *slice, struct slice ret_parts[SLICE_PARTS_MAX])
{
    int32_t from = slice->number_from, to = slice->number_to;
    if (to - from == 1)
        return 0;
    int32_t cut = middle(from, to);
    if (to == SLICE_NO_END && from < SLICE_NO_END / 4)
        cut = from == 0 ? NUMBER_FIRST_CUT : from * 2;
    ret_parts[0] = ret_parts[1] = *slice;
    ret_parts[0].number_to = ret_parts[1].number_from = cut;
    return 2;
}

int slice_split(const struct slice *slice, const int32_t *year_starts, int years,
                struct slice ret_parts[SLICE_PARTS_MAX])
{
    if (slice_is_by_number(slice))
        return split_numbers(slice, ret_parts);
    if (slice_is_in_day(slice))
        return split_accounts(slice, ret_parts);
    return split_days(slice, year_starts, years, ret_parts);
}

int slice_equals(const struct slice *a, const struct slice *b)
{
    return range_equals(&a->days, &b->days) && a->account_from == b->account_from &&
           a->account_to == b->account_to && a->number_from == b->number_from &&
           a->number_to == b->number_to;
}

static int holds(int32_t outer_from, int32_t outer_to, int32_t from, int32_t to)
{
    return outer_to == 0 || (to > 0 && outer_from <= from && to <= outer_to);
}

int slice_holds(const struct slice *outer, const struct slice *inner)
{
    return range_holds(&outer->days, &inner->days) &&
           holds(outer->account_from, outer->account_to, inner->account_from, inner->account_to) &&
           holds(outer->number_from, outer->number_to, inner->number_from, inner->number_to);
}

static int meets(int32_t a_from, int32_t a_to, int32_t b_from, int32_t b_to)
{
    return a_to == 0 || b_to == 0 || (a_from < b_to && b_from < a_to);
}

int slice_meets(const struct slice *a, const struct slice *b)
{
    return a->days.from_day < b->days.to_day && b->days.from_day < a->days.to_day &&
           meets(a->account_from, a->account_to, b->account_from, b->account_to) &&
           meets(a->number_from, a->number_to, b->number_from, b->number_to);
}

int slice_can_join(const struct slice *a, const struct slice *b)
{
    if (slice_is_by_number(a) || slice_is_by_number(b))
        return 0;
    if (!slice_is_below_day(a) && !slice_is_below_day(b))
        return a->days.to_day == b->days.from_day;
    return slice_is_below_day(a) && range_equals(&a->days, &b->days) &&
           a->account_to == b->account_from;
}

struct slice slice_join(const struct slice *a, const struct slice *b)
{
    struct slice whole = *a;
    whole.days.to_day = b->days.to_day;
    whole.account_to = b->account_to;
    return whole;
}

int slice_has_account(const struct slice *slice, int32_t account)
{
    return slice->account_to == 0 ||
           (account >= slice->account_from &&
            (account < slice->account_to || slice->account_to == SLICE_NO_END));
}
