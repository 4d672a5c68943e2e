/*
 * control.h - the calls under /control by which tests and the demo steer the sandbox.
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "tests/sandbox/fail.h"
#include "tests/sandbox/out.h"

struct company;
struct evkeyvalq;
struct world;

struct control {
    struct world *world;
    const char *method, *path; /* without "/control" */
    const struct evkeyvalq *query;
    json_t *body;     /* an object, maybe empty */
    struct out out;   /* left empty: {"ok":true} */
    struct fail fail; /* status 0: all is well */
    bool wants_shutdown;
};

/* `body` is the text of the request. */
void control_handle(struct control *control, const char *body);

/* For the parts of control: read the body, or fail by name. */
const char *control_text(const struct control *control, const char *name);
int64_t control_int(const struct control *control, const char *name, int64_t otherwise);
bool control_bool(const struct control *control, const char *name, bool otherwise);
struct company *control_company(struct control *control); /* of "orgNr"; NULL has failed */
void control_refuse(struct control *control, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef void control_fn(struct control *control);

struct control_call {
    const char *method, *path;
    control_fn *call;
};

extern const struct control_call CONTROL_WORLD[], CONTROL_BOOKS[], CONTROL_REGISTERS[],
    CONTROL_WATCH[];

#endif
