#include "lib/ledger/org_nr.h"

#include <errno.h>
#include <string.h>

#include "lib/base/err.h"

enum { ORG_NR_DIGITS = 9 };

static int refuse_form(const char *text, struct err *err)
{
    int rc = text[0] ? err_set(err, EINVAL, "organisation number '%.40s' is not nine digits", text)
                     : err_set(err, EINVAL, "the organisation number is empty: it has nine digits");
    err_set_remedy(err, "write the nine digits without spaces, dots or letters");
    return rc;
}

/* The control digit of the first eight digits; 10 where there is none. */
static int control_digit(const char *text)
{
    static const int WEIGHTS[ORG_NR_DIGITS - 1] = { 3, 2, 7, 6, 5, 4, 3, 2 };
    int sum = 0;
    for (int i = 0; i < ORG_NR_DIGITS - 1; i++)
        sum += WEIGHTS[i] * (text[i] - '0');
    return (11 - sum % 11) % 11;
}

int org_nr_check(const char *text, struct err *err)
{
    if (strspn(text, "0123456789") != ORG_NR_DIGITS || text[ORG_NR_DIGITS])
        return refuse_form(text, err);
    int control = control_digit(text);
    if (control == text[ORG_NR_DIGITS - 1] - '0')
        return 0;
    int rc = control == 10
                 ? err_set(err, EINVAL,
                           "organisation number %s has no valid control digit: no organisation "
                           "number begins with %.8s",
                           text, text)
                 : err_set(err, EINVAL,
                           "organisation number %s has a wrong control digit: the last digit "
                           "would have to be %d",
                           text, control);
    err_set_remedy(err, "look for a mistyped digit");
    return rc;
}
