#include "daemon/token_queue.h"

#include <search.h>
#include <string.h>

#include "lib/base/mem.h"

TAILQ_HEAD(item_list, token_item);

struct token_lane {
    char *company;
    int64_t served;
    int is_doubted;
    struct item_list items; /* not the urgent ones */
    TAILQ_ENTRY(token_lane) entry;
};

TAILQ_HEAD(lane_list, token_lane);

struct token_queue {
    void *lanes;             /* all, by company: a tree of tsearch(3); they stay, to remember */
    struct lane_list active; /* those with items */
    struct item_list urgent;
    int64_t served; /* of the lane that was served last */
    int count;
};

struct token_queue *token_queue_new(void)
{
    struct token_queue *queue = mem_new(1, sizeof(*queue));
    TAILQ_INIT(&queue->active);
    TAILQ_INIT(&queue->urgent);
    return queue;
}

static int compare_lanes(const void *a, const void *b)
{
    const struct token_lane *one = a, *other = b;
    return strcmp(one->company, other->company);
}

static struct token_lane *find_lane(struct token_queue *queue, const char *company)
{
    char *wanted = mem_strdup(company);
    const struct token_lane key = { .company = wanted };
    struct token_lane *const *found = tfind(&key, &queue->lanes, compare_lanes);
    if (found) {
        free(wanted);
        return *found;
    }
    struct token_lane *lane = mem_new(1, sizeof(*lane));
    lane->company = wanted;
    lane->served = queue->served;
    TAILQ_INIT(&lane->items);
    if (!tsearch(lane, &queue->lanes, compare_lanes))
        abort(); /* out of memory ends the process, as in mem.h */
    return lane;
}

static void enter(struct token_queue *queue, struct token_item *item, int is_first)
{
    struct token_lane *lane = item->lane;
    struct item_list *list = item->is_urgent ? &queue->urgent : &lane->items;
    if (list == &lane->items && TAILQ_EMPTY(list)) {
        if (lane->served < queue->served - TOKEN_QUEUE_CREDIT)
            lane->served = queue->served - TOKEN_QUEUE_CREDIT;
        TAILQ_INSERT_TAIL(&queue->active, lane, entry);
    }
    if (is_first)
        TAILQ_INSERT_HEAD(list, item, entry);
    else
        TAILQ_INSERT_TAIL(list, item, entry);
    queue->count++;
}

void token_queue_add(struct token_queue *queue, struct token_item *item, const char *company,
                     int is_urgent, int64_t now_ms)
{
    item->lane = find_lane(queue, company);
    item->is_urgent = is_urgent;
    item->queued_ms = now_ms;
    enter(queue, item, 0);
}

void token_queue_return(struct token_queue *queue, struct token_item *item)
{
    enter(queue, item, 1);
}

struct token_item *token_queue_next(const struct token_queue *queue)
{
    const struct token_lane *lane, *least = NULL;
    if (!TAILQ_EMPTY(&queue->urgent))
        return TAILQ_FIRST(&queue->urgent);
    TAILQ_FOREACH(lane, &queue->active, entry)
    {
        if (!least || lane->served < least->served)
            least = lane;
    }
    return least ? TAILQ_FIRST(&least->items) : NULL;
}

void token_queue_remove(struct token_queue *queue, struct token_item *item)
{
    struct token_lane *lane = item->lane;
    queue->count--;
    if (item->is_urgent) {
        TAILQ_REMOVE(&queue->urgent, item, entry);
        return;
    }
    TAILQ_REMOVE(&lane->items, item, entry);
    if (TAILQ_EMPTY(&lane->items))
        TAILQ_REMOVE(&queue->active, lane, entry);
}

void token_queue_serve(struct token_queue *queue, struct token_item *item)
{
    token_queue_remove(queue, item);
    item->lane->served++;
    if (item->lane->served > queue->served)
        queue->served = item->lane->served;
}

/* Items of a list are in the order of asking, but for those that returned, which are older still.
 */
static struct token_item *expired_of(const struct item_list *items, int64_t before_ms)
{
    struct token_item *item = TAILQ_FIRST(items);
    return item && item->queued_ms <= before_ms ? item : NULL;
}

struct token_item *token_queue_expired(const struct token_queue *queue, int64_t before_ms)
{
    const struct token_lane *lane;
    struct token_item *item = expired_of(&queue->urgent, before_ms);
    TAILQ_FOREACH(lane, &queue->active, entry)
    {
        if (!item)
            item = expired_of(&lane->items, before_ms);
    }
    return item;
}

int token_queue_count(const struct token_queue *queue)
{
    return queue->count;
}

int token_lane_is_doubted(const struct token_lane *lane)
{
    return lane->is_doubted;
}

void token_lane_doubt(struct token_lane *lane, int is_doubted)
{
    lane->is_doubted = is_doubted;
}

static void lane_free(void *node)
{
    struct token_lane *lane = node;
    free(lane->company);
    free(lane);
}

void token_queue_free(struct token_queue *queue)
{
    if (!queue)
        return;
    tdestroy(queue->lanes, lane_free);
    free(queue);
}
