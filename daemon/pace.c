#include "daemon/pace.h"

enum { AVERAGE_OF = 8 };

void pace_init(struct pace *pace)
{
    *pace = (struct pace){ .allowed = PACE_FIRST };
}

static void speed_up(struct pace *pace, int is_full)
{
    pace->good++;
    if (!is_full || pace->good < pace->allowed || pace->allowed >= PACE_MAX)
        return;
    pace->allowed++;
    pace->good = 0;
}

static void slow_down(struct pace *pace, int64_t sent_ms, int64_t now_ms)
{
    if (pace->slowed_ms != 0 && sent_ms < pace->slowed_ms)
        return;
    pace->allowed = pace->allowed > 1 ? pace->allowed / 2 : 1;
    pace->good = 0;
    pace->slowed_ms = now_ms;
}

void pace_note(struct pace *pace, enum pace_sign sign, int is_full, int64_t sent_ms, int64_t now_ms)
{
    int64_t took_ms = now_ms - sent_ms;
    pace->request_ms += (took_ms - pace->request_ms) / AVERAGE_OF;
    if (sign == PACE_GOOD)
        speed_up(pace, is_full);
    else
        slow_down(pace, sent_ms, now_ms);
}
