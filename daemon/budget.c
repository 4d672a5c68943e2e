#include "daemon/budget.h"

void budget_init(struct budget *budget)
{
    *budget = (struct budget){ .limit = -1, .remaining = -1 };
}

void budget_spend(struct budget *budget)
{
    if (budget->remaining > 0)
        budget->remaining--;
}

static void close_window(struct budget *budget, const struct answer_budget *answer, int64_t now_ms)
{
    budget->remaining = 0;
    if (answer->reset_s >= 0) {
        budget->reset_ms = now_ms + (int64_t)answer->reset_s * 1000 + 50;
        return;
    }
    if (budget->reset_ms > now_ms)
        return;
    budget->blind_ms = budget->blind_ms == 0 ? BUDGET_BLIND_WAIT_MS : budget->blind_ms * 2;
    if (budget->blind_ms > BUDGET_BLIND_WAIT_MAX_MS)
        budget->blind_ms = BUDGET_BLIND_WAIT_MAX_MS;
    budget->reset_ms = now_ms + budget->blind_ms;
}

void budget_learn(struct budget *budget, const struct answer_budget *answer, int is_over,
                  int others, int64_t now_ms)
{
    if (answer->limit > 0)
        budget->limit = answer->limit;
    if (is_over) {
        close_window(budget, answer, now_ms);
        return;
    }
    if (answer->remaining < 0)
        return;
    int remaining = answer->remaining > others ? answer->remaining - others : 0;
    int is_new_window = budget->reset_ms != 0 && now_ms >= budget->reset_ms;
    int is_lower = budget->remaining < 0 || remaining < budget->remaining;
    /* Answers may overtake each other: within a window the count only falls. */
    if (is_new_window || is_lower || budget->reset_ms == 0)
        budget->remaining = remaining;
    if (answer->reset_s >= 0)
        budget->reset_ms = now_ms + (int64_t)answer->reset_s * 1000 + 50;
    budget->blind_ms = 0;
}

int64_t budget_wait_ms(const struct budget *budget, int leave_percent, int is_urgent,
                       int64_t now_ms)
{
    if (budget->remaining < 0 || now_ms >= budget->reset_ms)
        return 0;
    int leave = budget->limit > 0 ? budget->limit * leave_percent / 100 : 0;
    if (is_urgent)
        leave -= leave / BUDGET_PULL_NOW_SHARE;
    return budget->remaining > leave ? 0 : budget->reset_ms - now_ms;
}
