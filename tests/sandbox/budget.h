/*
 * budget.h - requests allowed in a window, one budget for each employee token.
 */
#ifndef SANDBOX_BUDGET_H
#define SANDBOX_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget;

/* Count one request; false when the window is used up. */
bool budget_take(struct budget *budget, int64_t now_ms);
void budget_burn(struct budget *budget, int64_t now_ms, int64_t requests);
void budget_set(struct budget *budget, int64_t limit, int64_t window_ms);
int64_t budget_remaining(const struct budget *budget);
int64_t budget_reset_s(const struct budget *budget, int64_t now_ms); /* rounded up */

#endif
