#include "daemon/skew.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/mem.h"

/* The answer took a while, at some moment of which the clock was read. */
static int64_t apart_us(int64_t sent_us, int64_t answered_us, int64_t database_us)
{
    if (database_us < sent_us)
        return sent_us - database_us;
    return database_us > answered_us ? answered_us - database_us : 0;
}

/* In the largest unit of which there are at least two. */
static const char *text_of(int64_t apart_ms, char out[CLOCK_MOMENT_BYTES])
{
    static const int64_t UNITS_MS[] = { 24 * 3600 * 1000, 3600 * 1000, 60 * 1000 };
    int64_t unit_ms = 1000, size_ms = (llabs(apart_ms) + unit_ms / 2) / unit_ms * unit_ms;
    for (size_t i = 0; i < ARRAY_LEN(UNITS_MS) && unit_ms == 1000; i++) {
        if (size_ms >= 2 * UNITS_MS[i])
            unit_ms = UNITS_MS[i];
    }
    return clock_format_duration((size_ms + unit_ms / 2) / unit_ms * unit_ms, out);
}

const char *skew_text(int64_t apart_ms, char out[SKEW_TEXT_BYTES])
{
    char size[CLOCK_MOMENT_BYTES];
    (void)snprintf(out, SKEW_TEXT_BYTES, "the clock of this machine is %s %s that of the database",
                   text_of(apart_ms, size), apart_ms > 0 ? "ahead of" : "behind");
    return out;
}

enum skew_news skew_note(struct skew *skew, int64_t sent_us, int64_t answered_us,
                         int64_t database_us)
{
    skew->apart_ms = apart_us(sent_us, answered_us, database_us) / 1000;
    int64_t moved_ms = llabs(skew->apart_ms - skew->told_ms);
    if (llabs(skew->apart_ms) > SKEW_TOLD_MS && moved_ms > llabs(skew->told_ms) / 2) {
        skew->told_ms = skew->apart_ms;
        return SKEW_BEGUN;
    }
    if (skew->told_ms != 0 && llabs(skew->apart_ms) < SKEW_TOLD_MS / 2) {
        skew->told_ms = 0;
        return SKEW_ENDED;
    }
    return SKEW_NO_NEWS;
}

int64_t skew_moment_us(const struct skew *skew, int64_t our_us)
{
    return our_us == 0 ? 0 : our_us - skew->apart_ms * 1000;
}
