#include "tests/sandbox/money.h"

#include <stdio.h>
#include <string.h>

#define DECIMALS 6

bool money_parse(const char *text, money_t *ret_money)
{
    bool negative = *text == '-';
    const char *at = text + negative;
    money_t money = 0;
    int before = 0, after = 0;
    for (; *at >= '0' && *at <= '9'; at++, before++)
        money = before < 30 ? money * 10 + (*at - '0') : money;
    if (*at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++, after++)
            money = after < DECIMALS ? money * 10 + (*at - '0') : money;
        if (after == 0)
            return false;
    }
    if (*at != '\0' || before == 0 || before > 30 || after > DECIMALS)
        return false;
    for (; after < DECIMALS; after++)
        money *= 10;
    *ret_money = negative ? -money : money;
    return true;
}

/* All digits, at least one before the six decimals; returns how many there are. */
static int money_digits(money_t money, char digits[MONEY_TEXT_MAX])
{
    char reversed[MONEY_TEXT_MAX];
    int n = 0;
    unsigned __int128 left = money < 0 ? -(unsigned __int128)money : (unsigned __int128)money;
    do {
        reversed[n++] = (char)('0' + (int)(left % 10));
        left /= 10;
    } while (left > 0 || n <= DECIMALS);
    for (int i = 0; i < n; i++)
        digits[i] = reversed[n - 1 - i];
    return n;
}

/* 1.2345E3: the way a big decimal of another language may be written. */
static int money_format_exponent(const char *digits, int n, char *out)
{
    int first = 0, last = n - 1;
    while (first < n - 1 && digits[first] == '0')
        first++;
    while (last > first && digits[last] == '0')
        last--;
    int len = 0;
    out[len++] = digits[first];
    out[len++] = '.';
    if (last == first)
        out[len++] = '0';
    for (int i = first + 1; i <= last; i++)
        out[len++] = digits[i];
    int exponent = digits[first] == '0' ? 0 : n - DECIMALS - 1 - first;
    return len + snprintf(out + len, 8, "E%d", exponent);
}

int money_format(money_t money, enum money_style style, char out[MONEY_TEXT_MAX])
{
    char digits[MONEY_TEXT_MAX];
    int n = money_digits(money, digits);
    int len = 0;
    if (money < 0)
        out[len++] = '-';
    if (style == MONEY_EXPONENT)
        return len + money_format_exponent(digits, n, out + len);
    int whole = n - DECIMALS, decimals = DECIMALS;
    int least = style == MONEY_TWO_DECIMALS ? 2 : 0;
    while (decimals > least && digits[whole + decimals - 1] == '0')
        decimals--;
    memcpy(out + len, digits, (size_t)whole);
    len += whole;
    if (decimals > 0) {
        out[len++] = '.';
        memcpy(out + len, digits + whole, (size_t)decimals);
        len += decimals;
    }
    out[len] = '\0';
    return len;
}
