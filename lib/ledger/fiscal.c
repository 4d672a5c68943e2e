#include "lib/ledger/fiscal.h"

#include <errno.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"

enum { FISCAL_KNOWN_MAX = 256, FISCAL_YEAR_DAYS_MAX = 550 };

static struct fiscal_year calendar_year(int32_t today)
{
    int year, month, day;
    clock_split_day(today, &year, &month, &day);
    return (struct fiscal_year){ year, clock_day_of(year, 1, 1), clock_day_of(year + 1, 1, 1) };
}

static struct fiscal_year year_after(const struct fiscal_year *year)
{
    return (struct fiscal_year){ year->year + 1, year->next_day,
                                 clock_add_months(year->next_day, 12) };
}

static struct fiscal_year year_before(const struct fiscal_year *year)
{
    return (struct fiscal_year){ year->year - 1, clock_add_months(year->start_day, -12),
                                 year->start_day };
}

/* The first day after, whether the API gave that day or the last one of the year. */
static int32_t exclusive_end(int32_t end)
{
    return clock_month_start(end) == end ? end : end + 1;
}

static int check_year(const struct fiscal_year *year, const struct fiscal_year *before,
                      struct err *err)
{
    char start[CLOCK_DATE_BYTES], end[CLOCK_DATE_BYTES];
    clock_format_date(year->start_day, start);
    clock_format_date(year->next_day, end);
    int32_t days = year->next_day - year->start_day;
    if (days < 1 || days > FISCAL_YEAR_DAYS_MAX)
        return err_set(err, EINVAL, "annual account %d runs from %s to %s, which is no fiscal year",
                       year->year, start, end);
    if (before && year->start_day != before->next_day)
        return err_set(err, EINVAL,
                       "annual account %d begins on %s, but the one before ends elsewhere",
                       year->year, start);
    return 0;
}

/* Puts a year at the end; when full, the oldest falls out. */
static void push_year(struct fiscal_horizon *horizon, const struct fiscal_year *year)
{
    if (horizon->count == FISCAL_YEARS_MAX) {
        memmove(horizon->years, horizon->years + 1, sizeof(horizon->years[0]) * --horizon->count);
    }
    horizon->years[horizon->count++] = *year;
}

static int take_known(struct fiscal_horizon *horizon, const struct fiscal_year *known, int count,
                      int32_t until, struct err *err)
{
    if (count > FISCAL_KNOWN_MAX)
        return err_set(err, EINVAL, "%d annual accounts are more than the %d that can be handled",
                       count, FISCAL_KNOWN_MAX);
    struct fiscal_year before = { 0 };
    for (int i = 0; i < count; i++) {
        struct fiscal_year year = known[i];
        year.next_day = exclusive_end(year.next_day);
        int ret = check_year(&year, i > 0 ? &before : NULL, err);
        if (ret < 0)
            return ret;
        if (year.start_day <= until)
            push_year(horizon, &year);
        before = year;
    }
    return 0;
}

/* Years are continued past the end of what is known, and before its beginning only where all that
 * is known lies ahead of today. */
static void cover_days(struct fiscal_horizon *horizon, int32_t today, int32_t until)
{
    while (horizon->years[0].start_day > today && horizon->count < FISCAL_YEARS_MAX) {
        struct fiscal_year year = year_before(&horizon->years[0]);
        for (int i = horizon->count; i > 0; i--)
            horizon->years[i] = horizon->years[i - 1];
        horizon->years[0] = year;
        horizon->count++;
    }
    while (horizon->years[horizon->count - 1].next_day <= until) {
        struct fiscal_year year = year_after(&horizon->years[horizon->count - 1]);
        push_year(horizon, &year);
    }
}

static int find_year(const struct fiscal_horizon *horizon, int32_t day)
{
    for (int i = 0; i < horizon->count; i++) {
        if (day < horizon->years[i].next_day)
            return i;
    }
    return horizon->count - 1;
}

static void drop_years_before(struct fiscal_horizon *horizon, int first)
{
    for (int i = first; i < horizon->count; i++)
        horizon->years[i - first] = horizon->years[i];
    horizon->count -= first;
    horizon->current -= first;
}

/* Whether the years before the first of `horizon` are wanted too; `back` of them are there before
 * the current one. */
static int is_short(const struct fiscal_horizon *horizon, const struct fiscal_rule *rule, int back)
{
    if (rule->history_from != 0)
        return rule->history_from < horizon->years[0].start_day;
    return back < rule->history_years;
}

/* Years that are wanted have fallen out, for there is no room for more. */
static int is_cut(const struct fiscal_horizon *horizon, const struct fiscal_year *known, int count,
                  const struct fiscal_rule *rule)
{
    int32_t first = horizon->years[0].start_day;
    if (first > rule->today)
        return 1;
    return horizon->count == FISCAL_YEARS_MAX && (count == 0 || known[0].start_day < first) &&
           is_short(horizon, rule, horizon->current);
}

static int first_year(const struct fiscal_horizon *horizon, const struct fiscal_rule *rule)
{
    int first = horizon->current - rule->history_years;
    if (rule->history_from != 0)
        first = find_year(horizon, rule->history_from);
    if (first > horizon->current)
        first = horizon->current;
    return first > 0 ? first : 0;
}

static void make_calendar_years(struct fiscal_horizon *horizon, const struct fiscal_rule *rule,
                                int has_history)
{
    struct fiscal_year year = calendar_year(rule->today);
    push_year(horizon, &year);
    while (has_history && horizon->count < FISCAL_YEARS_MAX &&
           is_short(horizon, rule, horizon->count - 1))
        cover_days(horizon, horizon->years[0].start_day - 1, rule->today);
}

int fiscal_make_horizon(const struct fiscal_year *known, int count, const struct fiscal_rule *rule,
                        struct fiscal_horizon *ret_horizon, struct err *err)
{
    struct fiscal_horizon horizon = { .count = 0 };
    int32_t until = clock_add_months(rule->today, rule->future_months);
    int ret = take_known(&horizon, known, count, until, err);
    if (ret < 0)
        return ret;
    if (horizon.count == 0)
        make_calendar_years(&horizon, rule, count == 0);
    cover_days(&horizon, rule->today, until);
    horizon.current = find_year(&horizon, rule->today);
    if (is_cut(&horizon, known, count, rule)) {
        err_set(err, EINVAL, "the horizon would pass %d fiscal years", FISCAL_YEARS_MAX);
        err_set_remedy(err,
                       "Lower history_years or future_months in [schedule], or give the client a "
                       "later history_from");
        return -EINVAL;
    }
    drop_years_before(&horizon, first_year(&horizon, rule));
    *ret_horizon = horizon;
    return 0;
}
