#include "tests/sandbox/budget.h"

#include "tests/sandbox/world.h"

static void budget_turn(struct budget *budget, int64_t now_ms)
{
    if (now_ms < budget->window_ends_ms)
        return;
    budget->used = 0;
    budget->window_ends_ms = now_ms + budget->window_ms;
}

bool budget_take(struct budget *budget, int64_t now_ms)
{
    budget_turn(budget, now_ms);
    if (budget->used >= budget->limit)
        return false;
    budget->used++;
    return true;
}

void budget_burn(struct budget *budget, int64_t now_ms, int64_t requests)
{
    budget_turn(budget, now_ms);
    budget->used += requests;
    if (budget->used > budget->limit)
        budget->used = budget->limit;
}

void budget_set(struct budget *budget, int64_t limit, int64_t window_ms)
{
    *budget = (struct budget){ .limit = limit, .window_ms = window_ms };
}

int64_t budget_remaining(const struct budget *budget)
{
    return budget->limit - budget->used;
}

int64_t budget_reset_s(const struct budget *budget, int64_t now_ms)
{
    int64_t left = budget->window_ends_ms - now_ms;
    return left <= 0 ? 0 : (left + 999) / 1000;
}
