/*
 * fault.h - what goes wrong on demand: which requests, how often, and in what way.
 */
#ifndef SANDBOX_FAULT_H
#define SANDBOX_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct fail;
struct out;
struct world;

enum fault_kind {
    FAULT_STATUS,
    FAULT_HTML,
    FAULT_EMPTY,
    FAULT_TRUNCATE,
    FAULT_WRONG_LENGTH,
    FAULT_GARBAGE,
    FAULT_BROKEN_GZIP,
    FAULT_SHAPE,
    FAULT_WRONG_TYPE,
    FAULT_MISSING_VALUES,
    FAULT_EMPTY_LIST,
    FAULT_REPEAT_PAGE,
    FAULT_SHORT_PAGE,
    FAULT_REDIRECT,
    FAULT_DRIP,
    FAULT_HANG,
    FAULT_RESET,
    FAULT_REPLACE,
    FAULT_DELAY,
    FAULT_DEEP,
    FAULT_ENDLESS,
    FAULT_LONG_TEXT,
    FAULT_BIG_HEADER,
    FAULT_LACKS_FIRST,
    FAULT_SHIFTED_PAGE,
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    char *path, *org_nr; /* fnmatch pattern of the path; NULL: any */
    char *url, *find, *with;
    int32_t status, status_to, code, percent, retry_after_s;
    int64_t skip, left; /* let `skip` pass first; left < 0: for ever */
    int64_t delay_ms, hits;
};

/* "status", "html" …; false when there is no such kind. */
bool fault_kind_named(const char *name, enum fault_kind *ret_kind);
const char *fault_kind_name(enum fault_kind kind);

/* The fault this request runs into, counted, or NULL. */
const struct fault *fault_pick(struct world *world, const char *path, const char *org_nr);

/* Spoil a body in place, for the kinds that do. */
void fault_spoil(const struct fault *fault, struct out *body);

void fault_clear(struct world *world);
void fault_free(struct fault *fault);

#endif
