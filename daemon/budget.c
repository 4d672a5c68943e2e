#include "daemon/budget.h"

#include <limits.h>

enum { PROMPT_MS = 50 }; /* after the end of a window that was told to the moment */

void budget_init(struct budget *budget)
{
    *budget = (struct budget){ .limit = -1, .remaining = -1 };
}

static int is_open_question(const struct budget *budget, int64_t now_ms)
{
    if (budget->is_silent)
        return 0;
    return budget->remaining < 0 || (budget->ends_ms != 0 && now_ms >= budget->ends_ms);
}

static int share_of_others(const struct budget *budget, int leave_percent, int is_urgent)
{
    int leave = budget->limit > 0 ? (int)((int64_t)budget->limit * leave_percent / 100) : 0;
    return is_urgent ? leave - leave / BUDGET_PULL_NOW_SHARE : leave;
}

int budget_spend(struct budget *budget, int64_t now_ms)
{
    int is_question = is_open_question(budget, now_ms) && now_ms >= budget->asked_until_ms;
    budget->running++;
    if (is_question)
        budget->asked_until_ms = now_ms + BUDGET_ASKED_MS;
    if (budget->remaining > 0)
        budget->remaining--;
    return is_question;
}

static int64_t window_of(int seconds)
{
    int64_t ms = (int64_t)seconds * 1000;
    return ms < BUDGET_WINDOW_MAX_MS ? ms : BUDGET_WINDOW_MAX_MS;
}

static void wait_blindly(struct budget *budget, int64_t from_ms)
{
    budget->blind_ms = budget->blind_ms == 0 ? BUDGET_BLIND_WAIT_MS : budget->blind_ms * 2;
    if (budget->blind_ms > BUDGET_BLIND_WAIT_MAX_MS)
        budget->blind_ms = BUDGET_BLIND_WAIT_MAX_MS;
    budget->ends_ms = from_ms + budget->blind_ms;
}

/* A 429: nothing is left, until the end that it tells, or the one that is known, or a guess. */
static void close_window(struct budget *budget, const struct budget_answer *answer)
{
    const struct answer_budget *header = &answer->header;
    budget->remaining = 0;
    budget->is_silent = 0;
    if (header->reset_s >= 0)
        budget->ends_ms = answer->told_ms + window_of(header->reset_s) + BUDGET_ROUNDING_MS;
    else if (header->retry_after_s >= 0)
        budget->ends_ms = answer->told_ms + window_of(header->retry_after_s) + PROMPT_MS;
    else if (budget->ends_ms <= answer->told_ms)
        wait_blindly(budget, answer->told_ms);
}

/* Each answer bounds the end of its window from above, whichever way its seconds are rounded. */
static void learn_end(struct budget *budget, const struct budget_answer *answer, int is_new)
{
    if (answer->header.reset_s < 0) {
        if (is_new)
            budget->ends_ms = 0;
        return;
    }
    int64_t left_ms = window_of(answer->header.reset_s);
    int64_t ends_ms = answer->told_ms + left_ms + BUDGET_ROUNDING_MS;
    if (is_new || budget->ends_ms == 0 || ends_ms < budget->ends_ms)
        budget->ends_ms = ends_ms;
    if (left_ms > budget->window_ms)
        budget->window_ms = left_ms;
}

/* Past the end that was known, or told to end later than any rounding explains. */
static int is_new_window(const struct budget *budget, const struct budget_answer *answer)
{
    if (budget->ends_ms == 0 || answer->told_ms >= budget->ends_ms)
        return 1;
    return answer->header.reset_s >= 0 &&
           answer->told_ms + window_of(answer->header.reset_s) > budget->ends_ms;
}

static void learn_remaining(struct budget *budget, const struct budget_answer *answer, int is_new)
{
    /* What runs may be counted in this answer or not: it is taken off, to be certain. */
    int remaining = answer->header.remaining - budget->running;
    if (remaining < 0)
        remaining = 0;
    int is_exact = budget->running == 0 && answer->told_ms >= budget->told_ms;
    if (is_new || is_exact || budget->remaining < 0 || remaining < budget->remaining)
        budget->remaining = remaining;
}

void budget_learn(struct budget *budget, const struct budget_answer *answer, int leave_percent)
{
    budget->running--;
    if (answer->is_question)
        budget->asked_until_ms = 0;
    if (answer->is_lost)
        return;
    if (answer->header.limit > 0)
        budget->limit = answer->header.limit;
    if (answer->is_over) {
        close_window(budget, answer);
        return;
    }
    if (answer->header.remaining < 0) {
        /* Only the one that asked can tell that there is no budget: others may be errors of a
         * gateway. */
        if (answer->is_question && budget->limit < 0)
            budget->is_silent = 1;
        return;
    }
    int is_new = is_new_window(budget, answer);
    budget->is_silent = 0;
    if (budget->limit < answer->header.remaining)
        budget->limit = answer->header.remaining;
    learn_remaining(budget, answer, is_new);
    learn_end(budget, answer, is_new);
    if (answer->told_ms > budget->told_ms)
        budget->told_ms = answer->told_ms;
    if (budget->remaining > share_of_others(budget, leave_percent, 0))
        budget->blind_ms = 0;
    else if (budget->ends_ms <= answer->told_ms)
        wait_blindly(budget, answer->told_ms);
}

int64_t budget_wait_ms(const struct budget *budget, int leave_percent, int is_urgent,
                       int64_t now_ms)
{
    if (budget->is_silent)
        return 0;
    if (is_open_question(budget, now_ms))
        return budget->asked_until_ms > now_ms ? budget->asked_until_ms - now_ms : 0;
    if (budget->remaining > share_of_others(budget, leave_percent, is_urgent))
        return 0;
    return budget->ends_ms > now_ms ? budget->ends_ms - now_ms : BUDGET_BLIND_WAIT_MS;
}

int budget_useful_requests(const struct budget *budget, int leave_percent, int64_t request_ms)
{
    if (budget->limit <= 0 || budget->window_ms <= 0)
        return INT_MAX;
    int64_t ours = budget->limit - share_of_others(budget, leave_percent, 0);
    /* Twice as many as needed on the average: pages differ. */
    int64_t useful = 2 * ours * request_ms / budget->window_ms + 1;
    return useful < INT_MAX ? (int)useful : INT_MAX;
}
