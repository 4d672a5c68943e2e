#include "tests/sandbox/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <event2/http.h>

#include "tests/sandbox/world.h"

const char *control_text(const struct control *control, const char *name)
{
    const char *text = json_string_value(json_object_get(control->body, name));
    return text ? text : evhttp_find_header(control->query, name);
}

int64_t control_int(const struct control *control, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(control->body, name);
    const char *text = evhttp_find_header(control->query, name);
    if (json_is_integer(value))
        return json_integer_value(value);
    return text ? strtoll(text, NULL, 10) : otherwise;
}

bool control_bool(const struct control *control, const char *name, bool otherwise)
{
    const json_t *value = json_object_get(control->body, name);
    const char *text = evhttp_find_header(control->query, name);
    if (json_is_boolean(value))
        return json_boolean_value(value);
    return text ? strcmp(text, "true") == 0 || strcmp(text, "1") == 0 : otherwise;
}

void control_refuse(struct control *control, const char *format, ...)
{
    char message[300];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    fail_set(&control->fail, 422, 0, NULL, "%s", message);
}

struct company *control_company(struct control *control)
{
    const char *org_nr = control_text(control, "orgNr");
    struct company *company = world_company(control->world, org_nr);
    if (!company)
        control_refuse(control, "orgNr: there is no company '%s'", org_nr ? org_nr : "");
    return company;
}

static const struct control_call *control_find(const struct control *control, bool *ret_path_known)
{
    const struct control_call *const tables[] = { CONTROL_WORLD, CONTROL_BOOKS, CONTROL_REGISTERS,
                                                  CONTROL_WATCH };
    *ret_path_known = false;
    for (size_t t = 0; t < sizeof(tables) / sizeof(*tables); t++) {
        for (const struct control_call *call = tables[t]; call->path; call++) {
            if (strcmp(call->path, control->path) != 0)
                continue;
            *ret_path_known = true;
            if (strcmp(call->method, control->method) == 0)
                return call;
        }
    }
    return NULL;
}

static void control_call(struct control *control, const char *body)
{
    bool path_known;
    json_error_t error;
    const struct control_call *call = control_find(control, &path_known);
    if (!call) {
        fail_set(&control->fail, path_known ? 405 : 404, 0, NULL, "no control call %s /control%s",
                 control->method, control->path);
        return;
    }
    control->body = body && *body ? json_loads(body, 0, &error) : json_object();
    if (json_is_object(control->body))
        call->call(control);
    else
        control_refuse(control, "the body is not a JSON object: %s", error.text);
    json_decref(control->body);
    control->body = NULL;
}

void control_handle(struct control *control, const char *body)
{
    control_call(control, body);
    if (control->fail.status) {
        control->out.len = 0;
        out_raw(&control->out, "{\"error\":");
        out_text(&control->out, control->fail.message);
        out_raw(&control->out, "}");
    } else if (control->out.len == 0) {
        out_raw(&control->out, "{\"ok\":true}");
    }
}
