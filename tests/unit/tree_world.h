/*
 * tree_world.h - a ledger, an API that lists it, and a mirror that follows by daemon/tree alone.
 *
 * Owns the truth, the mirror and what the mirror remembers. Digests are of the rows of a range; a
 * list of more rows than the API allows is refused as a whole. Versions only rise, so that no
 * content comes twice.
 */
#ifndef SALDOD_TESTS_TREE_WORLD_H
#define SALDOD_TESTS_TREE_WORLD_H

#include <stdint.h>

#include "daemon/tree.h"
#include "lib/ledger/slice.h"

enum {
    TREE_WORLD_IDS = 40000,
    TREE_WORLD_YEARS = 6,
    TREE_WORLD_RANGES = 4096,
    TREE_WORLD_ROUNDS_MAX = 8,
    TREE_WORLD_NOWHERE = INT32_MIN, /* the day of a posting that does not exist */
};

/* Each posting is a voucher of its own. */
struct tree_row {
    int32_t day;
    int version;
    int32_t account, number;
};

struct tree_kept {
    struct tree_memory memory;
    char digest[40];
};

enum tree_world_end { TREE_WORLD_CONFIRMED, TREE_WORLD_PUBLISHED, TREE_WORLD_GIVEN_UP };

struct tree_world {
    struct tree_row truth[TREE_WORLD_IDS], mirror[TREE_WORLD_IDS]; /* by id */
    struct tree_row staged[2 * TREE_WORLD_IDS];
    int staged_id[2 * TREE_WORLD_IDS];
    int ids, staged_count, last_version;
    struct range whole;
    int32_t year_starts[TREE_WORLD_YEARS];
    struct tree_kept kept[TREE_WORLD_RANGES];
    int kept_count;
    int64_t now_us;
    uint64_t random;
    int list_rows_max;          /* the API refuses more; fewer than it should, perhaps */
    int changes_percent;        /* that something changes just before a request is answered */
    int has_empty_digest;       /* an empty list has a digest as well */
    int is_account_to_included; /* by the API, where a day is read by account */
    int is_flickering; /* a posting comes just before a range is read, and is gone when the round
                          ends */
    int flicker;       /* its id and 1; 0 = none */
    int is_blind;      /* the API gives no digests: the mirror makes its own of what it reads */
    int requests, rows_read; /* of the last walk */
    int rounds;
    struct slice asked_last[TREE_WORLD_RANGES]; /* tops of the last round, and the truth when they
                                                   were asked */
    uint64_t truth_then[TREE_WORLD_RANGES];
    int asked_count;
};

/* A world without postings: fiscal years 2024 to 2029, today in 2026. */
struct tree_world *tree_world_new(uint64_t seed);
void tree_world_free(struct tree_world *world);

/* A world as the state of each test. */
int tree_world_setup(void **state);
int tree_world_teardown(void **state);

uint32_t tree_world_below(struct tree_world *world, uint32_t limit); /* random */
int32_t tree_world_any_day(struct tree_world *world);                /* most in 2025 and 2026 */

void tree_world_add(struct tree_world *world, int32_t day, int count);
/* On two accounts in turn, with numbers that follow on each other. */
void tree_world_add_accounts(struct tree_world *world, int32_t day, int count, int32_t account,
                             int32_t other);
void tree_world_empty(struct tree_world *world, const struct range *range);
void tree_world_change(struct tree_world *world); /* something, somewhere */
int tree_world_count(const struct tree_world *world, const struct range *range);

/* A tree with all that is kept. */
struct tree *tree_world_tree(const struct tree_world *world);

/* Every 5 minutes and every hour, living from 2026. */
struct tree_due tree_world_due(const struct tree_world *world, int is_forced);

/* Walks a tree that has been given its walk, publishes or confirms, and frees it. After a quiet
 * round it checks that the mirror of each top equals the truth of the moment at which the top was
 * asked last. */
enum tree_world_end tree_world_walk(struct tree_world *world, struct tree *tree);

/* The same with tree_walk_due; until published or confirmed. */
enum tree_world_end tree_world_pull(struct tree_world *world, int is_forced);

/* On any days. */
void tree_world_fill(struct tree_world *world, int count);

/* Pulls everything; fails the test unless it was published and the mirror equals the truth. */
void tree_world_load(struct tree_world *world);

/* The tops of a large ledger are chosen when all of it has been read, and their digests learnt by
 * one request each and one for each slice that they are made of. */
void tree_world_settle(struct tree_world *world);

int tree_world_count_tops(const struct tree_world *world);

/* Mirror and truth are the same within the range. */
int tree_world_is_equal(const struct tree_world *world, const struct range *range);

#endif
