#include "tests/sandbox/fault.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/mem.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/world.h"

static const char *const KINDS[FAULT_KINDS] = {
    "status",     "html",        "empty",      "truncate",    "wrong_length",
    "garbage",    "broken_gzip", "shape",      "wrong_type",  "missing_values",
    "empty_list", "repeat_page", "short_page", "redirect",    "drip",
    "hang",       "reset",       "replace",    "delay",       "deep",
    "endless",    "long_text",   "big_header", "lacks_first", "shifted_page"
};

bool fault_kind_named(const char *name, enum fault_kind *ret_kind)
{
    for (int i = 0; name && i < FAULT_KINDS; i++) {
        if (strcmp(KINDS[i], name) == 0) {
            *ret_kind = i;
            return true;
        }
    }
    return false;
}

const char *fault_kind_name(enum fault_kind kind)
{
    return KINDS[kind];
}

static bool fault_hits(struct world *world, struct fault *fault, const char *path,
                       const char *org_nr)
{
    if (fault->left == 0 || (fault->path && fnmatch(fault->path, path, 0) != 0))
        return false;
    if (fault->org_nr && (!org_nr || strcmp(fault->org_nr, org_nr) != 0))
        return false;
    if (!rng_percent(&world->rng, (uint32_t)fault->percent))
        return false;
    if (fault->skip > 0) {
        fault->skip--;
        return false;
    }
    fault->left -= fault->left > 0;
    fault->hits++;
    return true;
}

const struct fault *fault_pick(struct world *world, const char *path, const char *org_nr)
{
    for (uint32_t i = 0; i < world->faults.n; i++) {
        if (fault_hits(world, world->faults.at[i], path, org_nr))
            return world->faults.at[i];
    }
    return NULL;
}

#define DEEP_LEVELS 100000
#define LONG_TEXT_BYTES (8 * 1024 * 1024)

static void spoil_repeat(struct out *body, const char *before, char byte, size_t count)
{
    char *many = mem_zero(count);
    memset(many, byte, count);
    body->len = 0;
    out_raw(body, before);
    out_bytes(body, many, count);
    free(many);
}

static void spoil_all(struct out *body, const char *text)
{
    body->len = 0;
    out_raw(body, text);
}

/* Every `find` becomes `with`. */
static void spoil_replace(struct out *body, const char *find, const char *with)
{
    struct out made = { .style = body->style };
    size_t len = strlen(find);
    out_bytes(body, "", 1);
    const char *at = body->text;
    for (const char *hit; len && (hit = strstr(at, find)); at = hit + len) {
        out_bytes(&made, at, (size_t)(hit - at));
        out_raw(&made, with);
    }
    out_raw(&made, at);
    out_release(body);
    *body = made;
}

void fault_spoil(const struct fault *fault, struct out *body)
{
    switch (fault->kind) {
    case FAULT_HTML:
        spoil_all(body, "<html><head><title>502 Bad Gateway</title></head>"
                        "<body>upstream is away</body></html>");
        break;
    case FAULT_EMPTY:
    case FAULT_REDIRECT:
        body->len = 0;
        break;
    case FAULT_GARBAGE:
        spoil_all(body, "{\"values\":[{\"id\":\x01\xff\xfe,,}");
        break;
    case FAULT_SHAPE:
        spoil_all(body, "[{\"unexpected\":true}]");
        break;
    case FAULT_WRONG_TYPE:
        spoil_replace(body, "\"id\":", "\"id\":\"x\",\"was\":");
        break;
    case FAULT_MISSING_VALUES:
        spoil_all(body, "{\"fullResultSize\":0,\"from\":0,\"count\":0}");
        break;
    case FAULT_EMPTY_LIST:
        spoil_all(body, "{\"fullResultSize\":0,\"from\":0,\"count\":0,\"versionDigest\":null,"
                        "\"values\":[]}");
        break;
    case FAULT_DEEP:
        spoil_repeat(body, "{\"values\":[{\"id\":1,\"x\":", '[', DEEP_LEVELS);
        break;
    case FAULT_LONG_TEXT:
        spoil_repeat(body, "{\"values\":[{\"id\":1,\"description\":\"", 'x', LONG_TEXT_BYTES);
        break;
    case FAULT_ENDLESS:
        spoil_all(body, "{\"values\":[");
        break;
    case FAULT_REPLACE:
        spoil_replace(body, fault->find, fault->with);
        break;
    default:
        break;
    }
}

void fault_free(struct fault *fault)
{
    free(fault->path);
    free(fault->org_nr);
    free(fault->url);
    free(fault->find);
    free(fault->with);
    free(fault);
}

void fault_clear(struct world *world)
{
    for (uint32_t i = 0; i < world->faults.n; i++)
        fault_free(world->faults.at[i]);
    world->faults.n = 0;
}
