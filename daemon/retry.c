#include "daemon/retry.h"

#include <errno.h>

#include <sodium.h>

#include "lib/base/err.h"

/* Another whole time-out, or 256 MiB, is dear; a value that cannot be carried stays as it is,
 * unless something on the way had spoilt it. */
static int tries_of_fault(const struct err *err)
{
    switch (err->code) {
    case ETIMEDOUT:
    case EMSGSIZE:
    case ERANGE:
    case EINVAL:
    case EDOM:
    case EILSEQ:
        return 2;
    default:
        return RETRY_TRIES_MAX;
    }
}

static int tries_of(enum answer_class class, const struct err *err)
{
    switch (class) {
    case ANSWER_OK:
    case ANSWER_SAME:
    case ANSWER_PASSING:
        return tries_of_fault(err);
    case ANSWER_UNAUTHORIZED: /* the token has renewed the session already */
    case ANSWER_FORBIDDEN:
    case ANSWER_GONE:
    case ANSWER_REFUSED:
        return 2;
    case ANSWER_TOO_LARGE:
    case ANSWER_OVER_BUDGET:
        return 1;
    }
    return 1;
}

int64_t retry_wait_ms(struct retry *retry, enum answer_class class, const struct err *err,
                      int64_t sent_us)
{
    if (sent_us == 0 || ++retry->tries >= tries_of(class, err))
        return -1;
    int64_t wait_ms = RETRY_FIRST_MS << (retry->tries - 1);
    return wait_ms - wait_ms / 4 + (int64_t)randombytes_uniform((uint32_t)(wait_ms / 2));
}
