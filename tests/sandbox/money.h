/*
 * money.h - exact decimal amounts: a 128-bit count of millionths.
 *
 * Wide enough to hold amounts that no double can carry, which is what the tests need.
 */
#ifndef SANDBOX_MONEY_H
#define SANDBOX_MONEY_H

#include <stdbool.h>
#include <stdint.h>

typedef __int128 money_t;

enum money_style { MONEY_SHORT, MONEY_TWO_DECIMALS, MONEY_EXPONENT };

#define MONEY_TEXT_MAX 64

static inline money_t money_of_ore(int64_t ore)
{
    return (money_t)ore * 10000;
}

/* Plain decimals only: [-]digits[.up to six digits], at most 30 digits before the point. */
bool money_parse(const char *text, money_t *ret_money);

/* 1234.5, 1234.50 or 1.2345E3. Returns the length. */
int money_format(money_t money, enum money_style style, char out[MONEY_TEXT_MAX]);

#endif
