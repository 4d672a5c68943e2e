/*
 * tree.h - which ranges of a client to ask for, so that a change is found with the fewest requests.
 *
 * Pure logic over the digests kept for slices: no request, no database. A walk goes in rounds. In
 * each round the tops of the walk are asked with the digest held; where one differs the walk goes
 * down, and reads the slices that changed. A quiet round (every top, and every slice read in the
 * round before, "unchanged") proves all that was read, like a sequence lock.
 *
 * Tops are as few as can be under the limit of the API: one for most clients. A day over the limit
 * is cut by account, and one account of a day by the numbers of its vouchers. Such a day is
 * compared as a whole; and what is read by voucher is read in every walk and known by a digest of
 * our own, for a list of vouchers need not have another checksum where a posting changed.
 */
#ifndef SALDOD_DAEMON_TREE_H
#define SALDOD_DAEMON_TREE_H

#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/ledger/slice.h"

struct buf;
struct err;
struct tree;

enum {
    TREE_LIST_ROWS_MAX = 10000, /* the API refuses a longer result as a whole */
    TREE_READ_ROWS = 1000,      /* a range of so many rows is read rather than split */
};

enum tree_kind {
    TREE_ASK,  /* one row, for the digest */
    TREE_READ, /* all pages */
};

/* One thing to do; borrowed until it has been answered. */
struct tree_step {
    enum tree_kind kind;
    struct slice slice;
    const char *digest; /* to send; NULL = none held */
    int is_learning;    /* TREE_ASK of what was staged already, with what is above it */
};

/* `year_starts` are copied; they and `whole` decide how ranges are split. */
struct tree *tree_new(const struct range *whole, const int32_t *year_starts, int years) MUST_USE;

/* What is remembered of a range (sync.range). */
struct tree_memory {
    struct slice slice;
    const char *digest; /* NULL = none held */
    int rows;           /* < 0 = unknown; more than TREE_LIST_ROWS_MAX = was refused as too large */
    int is_top;
    int64_t confirmed_us; /* 0 = never */
    int64_t changed_us;   /* when a change was last read; 0 = unknown */
};

/* A slice that the splitting does not lead to (the horizon has moved) is left out. */
void tree_load(struct tree *tree, const struct tree_memory *memory);

/* Forgets all digests: whatever is walked is read in full. */
void tree_forget(struct tree *tree);

/* No digest of Tripletex can be trusted: everything is read, and the digests given to
 * tree_answer_read are our own. */
void tree_set_blind(struct tree *tree);

/* --- the walk: call one of these first --- */

/* All that is due at `now_us`: tops that hold a day from `living_from` on, or changed in the last 7
 * days, every `living_ms`, the others every `cold_ms`. Tops are found anew. Returns how many are in
 * the walk. */
struct tree_due {
    int64_t now_us;
    int32_t living_from;
    int64_t living_ms, cold_ms;
    int is_forced; /* everything, due or not */
};
int tree_walk_due(struct tree *tree, const struct tree_due *due) MUST_USE;

/* One year, read in full whatever its digest says. */
void tree_walk_year(struct tree *tree, const struct range *year);

/* Additional ranges found to be concerned (a posting came from there): the tops that hold `day`.
 * Returns 1 where the walk grew. Takes effect with the next round. */
int tree_walk_add(struct tree *tree, int32_t day) MUST_USE;

/* The next step of this round; 0, or -ENOENT when the round is over. One step at a time. */
int tree_next(struct tree *tree, struct tree_step *ret_step) MUST_USE;

/* --- the answer to the step in hand --- */
/* For each row of TREE_READ before the answer; and where its list is read again from the first. */
void tree_note_row(struct tree *tree, int32_t day, int32_t account);
void tree_restart_rows(struct tree *tree);
void tree_answer_same(struct tree *tree, int64_t sent_us);
void tree_answer_digest(struct tree *tree, const char *digest, int64_t sent_us); /* of TREE_ASK */
void tree_answer_read(struct tree *tree, const char *digest, int rows, int64_t sent_us);
/* What the step in hand read is noted by our own digest, before it is answered. 1: the content is
 * the one read before in this walk, though Tripletex told another digest with it. */
int tree_note_content(struct tree *tree, const char *digest, const char *own_digest) MUST_USE;
/* Whether another range with another number of rows has this very digest. */
int tree_has_digest_elsewhere(const struct tree *tree, const char *digest, int rows) MUST_USE;
/* -ERANGE with err where it cannot be split further. */
int tree_answer_too_large(struct tree *tree, struct err *err) MUST_USE;

/* --- after a round --- */
int tree_round_was_quiet(const struct tree *tree) MUST_USE;
void tree_start_round(struct tree *tree);
int tree_has_read(const struct tree *tree) MUST_USE;    /* something was read in this walk */
int tree_has_changed(const struct tree *tree) MUST_USE; /* a digest differs from what is stored */

/* The oldest moment at which a top of this walk was asked and found unchanged, in the last round.
 */
int64_t tree_confirmed_us(const struct tree *tree) MUST_USE;

/* --- what to store --- */
/* JSON array of the ranges read: [{"f":"2026-01-01","t":"2026-02-01"},...] */
int tree_append_read(const struct tree *tree, struct buf *out) MUST_USE;
/* JSON array of all slices known: f, t (days), af, at (accounts), nf, nt (voucher numbers; both
 * left out where there is no such bound), d (digest), r (rows), c and h (confirmed and changed,
 * microseconds), i (interval in ms, of tops; each left out where unknown), top (bool). */
int tree_append_nodes(const struct tree *tree, const struct tree_due *due,
                      struct buf *out) MUST_USE;

/* JSON array of the tops, as tree_append_nodes. */
int tree_append_tops(const struct tree *tree, const struct tree_due *due, struct buf *out) MUST_USE;

/* When the first top will be due, microseconds. */
int64_t tree_next_due_us(const struct tree *tree, const struct tree_due *due) MUST_USE;

void tree_free(struct tree *tree); /* NULL is fine */

#endif
