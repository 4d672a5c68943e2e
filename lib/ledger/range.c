#include "lib/ledger/range.h"

#include "lib/base/clock.h"

static int halve_at(const struct range *range, int32_t day, struct range ret_halves[2])
{
    ret_halves[0] = (struct range){ range->from_day, day };
    ret_halves[1] = (struct range){ day, range->to_day };
    return 2;
}

/* The year start strictly inside that leaves as many years on either side as can be; 0 = none
 * inside. */
static int32_t middle_year(const struct range *range, const int32_t *year_starts, int years)
{
    int first = 0;
    while (first < years && year_starts[first] <= range->from_day)
        first++;
    int end = first;
    while (end < years && year_starts[end] < range->to_day)
        end++;
    return end > first ? year_starts[first + (end - first) / 2] : 0;
}

/* The month start strictly inside that is nearest the middle, by months; 0 = none inside. */
static int32_t middle_month(const struct range *range)
{
    int32_t first = clock_month_start(range->from_day);
    if (first <= range->from_day)
        first = clock_add_months(first, 1);
    int inside = 0;
    for (int32_t day = first; day < range->to_day; day = clock_add_months(day, 1))
        inside++;
    return inside > 0 ? clock_add_months(first, inside / 2) : 0;
}

int range_split(const struct range *range, const int32_t *year_starts, int years,
                struct range ret_halves[2])
{
    int32_t at = middle_year(range, year_starts, years);
    if (at == 0)
        at = middle_month(range);
    if (at == 0 && range->to_day - range->from_day > 1)
        at = range->from_day + (range->to_day - range->from_day) / 2;
    return at == 0 ? 0 : halve_at(range, at, ret_halves);
}

int range_equals(const struct range *a, const struct range *b)
{
    return a->from_day == b->from_day && a->to_day == b->to_day;
}

int range_holds(const struct range *outer, const struct range *inner)
{
    return outer->from_day <= inner->from_day && inner->to_day <= outer->to_day;
}
