/*
 * pull_internal.h - what the parts of a pull share. Included by pull*.c only.
 *
 * pull.c holds the life (the table of states), pull_memory.c what is remembered, pull_headers.c the
 * vouchers' own list, pull_company.c who the client is in Tripletex, pull_walk.c the postings,
 * pull_compare.c what changed, pull_guard.c what may vanish, pull_saldo.c the balances,
 * pull_publish.c the publication, pull_explain.c what lies beyond the horizon, pull_gather.c what
 * lies beyond the ledger.
 */
#ifndef SALDOD_DAEMON_PULL_INTERNAL_H
#define SALDOD_DAEMON_PULL_INTERNAL_H

#include "daemon/master.h"
#include "daemon/pull.h"
#include "daemon/settings.h"
#include "daemon/tree.h"
#include "lib/base/err.h"
#include "lib/ledger/fiscal.h"

struct access_question;
struct ask;
struct fetch;
struct gather;
struct loop_timer;
struct pg;
struct pg_batch;
struct pg_result;
struct stage;

enum pull_state {
    PULL_REMEMBERING, /* what the database knows of the client */
    PULL_RESOLVING,   /* which company it is in Tripletex */
    PULL_LISTING,     /* accounts and the like */
    PULL_SETTLING,    /* the horizon is stored */
    PULL_HEADING,     /* voucher headers */
    PULL_WALKING,     /* digests and postings */
    PULL_COMPARING,   /* stage against mirror */
    PULL_TRACING,     /* are vouchers that vanish elsewhere */
    PULL_PROBING,     /* is what vanished hidden rather than gone */
    PULL_WEIGHING,    /* balances */
    PULL_PUBLISHING,
    PULL_EXPLAINING, /* vouchers with a part beyond the horizon */
    PULL_GATHERING,  /* what lies beyond the ledger */
    PULL_CLOSING,
};

enum pull_event {
    PULL_EVENT_REMEMBERED,
    PULL_EVENT_RESOLVED,
    PULL_EVENT_LISTED,
    PULL_EVENT_RELISTED, /* lists have changed: remember again */
    PULL_EVENT_SETTLED,
    PULL_EVENT_HEADED,
    PULL_EVENT_ROUND_QUIET, /* every top answered "unchanged" */
    PULL_EVENT_ROUND_MOVED, /* something was read or differs */
    PULL_EVENT_UNCHANGED,   /* nothing to compare, nothing to weigh */
    PULL_EVENT_COMPARED,
    PULL_EVENT_GREW,    /* another range is concerned: walk on */
    PULL_EVENT_UNKNOWN, /* a posting names what no list has told of yet */
    PULL_EVENT_LOST,    /* whole vouchers vanish */
    PULL_EVENT_TRACED,
    PULL_EVENT_DOUBTED, /* more than a handful vanishes */
    PULL_EVENT_PROBED,
    PULL_EVENT_WEIGHED,
    PULL_EVENT_PUBLISHED,
    PULL_EVENT_EXPLAINED,
    PULL_EVENT_GATHERED,
    PULL_EVENT_ENDED, /* `end` says how */
};

enum {
    PULL_MONTHS_MAX = FISCAL_YEARS_MAX * 18,
    PULL_ROUNDS_MAX = 8,
    PULL_MOVES_MAX = 4,
    PULL_HEADERS_MAX = 512,
    PULL_VARIANT_BYTES = 24, /* "2026-01-01/2027-01-01" */
    PULL_PROBES_MAX = 64,
    PULL_NAMES_MAX = 4, /* how often a pull asks the accounts again for one that is not there */
};

/* How checksums fail that are alike for every list. Their "unchanged" proves nothing, so no recheck
 * finds that they serve. */
#define PULL_DIGESTS_ALIKE "different lists have the same"

/* A balance sheet to read: a month, or (month 0) the opening of a year. */
struct pull_sheet {
    int year;
    int32_t month; /* first day of the calendar month; 0 = opening */
    int32_t from_day, to_day;
    int is_asked_by_digest;
};

struct pull {
    struct app *app;
    struct client *client;
    struct settings *settings; /* the snapshot it began with */
    struct pull_order order;
    pull_done_fn *done;
    void *ctx;
    int64_t began_ms; /* of the loop */
    enum pull_state state;
    int is_dead; /* pull_stop was called: ends at the next callback */

    /* what it waits for: one of these */
    struct access_question *question;
    struct ask *ask;
    struct fetch *fetch;
    struct master *master;
    struct gather *gather;
    struct loop_timer *later;
    int is_in_database;
    void (*next)(struct pull *pull); /* of pull_run() */

    /* remembered */
    struct master_memory lists;
    struct fiscal_year known[256];
    int known_count;
    struct fiscal_horizon horizon;
    struct pull_year_memory {
        int year;
        int32_t start_day, next_day;
        int is_complete;
    } years[FISCAL_YEARS_MAX * 2];
    int years_count;
    struct pull_sheet doubtful[32]; /* months whose proof fails */
    int doubtful_count;
    struct pull_header_memory {
        char variant[PULL_VARIANT_BYTES];
        char digest[256];
        int64_t age_ms;
    } header_memory[64];
    int header_memory_count;
    char *opening_digest;
    int64_t opening_age_ms, openings_age_ms, recheck_age_ms;
    int again[FISCAL_YEARS_MAX]; /* years that a resync of a part reads again */
    int again_count;
    int is_held_before;
    int64_t begun_us;         /* by the database's clock: the horizon and what is due go by it */
    int was_blind;            /* the checksums were found to be of no use */
    int were_alike;           /* since all lists had the same */
    const char *blind_reason; /* of this pull; NULL = they serve */
    int is_only_doubted;      /* it holds for this pull alone, unless it is proven by then */
    int was_unsaid;           /* no 304 was ever given */
    int said_count, unsaid_count; /* "unchanged" by 304, and by the same digest in an answer */

    /* voucher headers: a stack of ranges */
    struct range headers[PULL_HEADERS_MAX];
    int headers_count, is_header_staged, is_header_changed;

    /* this walk */
    struct tree *tree;
    struct tree_due due;
    struct stage *stage;
    struct tree_step hand; /* the step in hand */
    int moves;             /* how often the list in hand moved */
    int date_column, account_column;
    int32_t seen_day, seen_account; /* of a posting that was read in this walk; 0 = none yet */
    struct range staged;            /* no day outside of it has rows in the stage */
    char hand_digest[256];
    int64_t hand_rows, hand_sent_us;
    int load; /* index of the year that is loaded; -1 = a walk of what is due */
    int64_t loaded_rows;
    int is_recheck, is_all_openings;
    int rounds, requests, is_relisted, names_asked, is_looked_everywhere;
    int is_compared, is_weighed;
    int64_t changes, gone, doubles;
    uint64_t unknown_lists;                           /* master_bit of each */
    int64_t unknown_account, unknown_account_posting; /* ids: one that no list holds; 0 = none */
    int has_grown, is_astray, is_all_new;             /* of the last comparison */
    struct pull_sheet sheets[PULL_MONTHS_MAX + FISCAL_YEARS_MAX];
    int sheets_count, sheet;
    int is_first_opening_read, has_movement, has_rows;
    char opening_seen[256];
    int64_t opening_sent_us;
    char *
        unexplained_ids; /* of vouchers that count as differences, not yet asked for; NULL = none */
    char *company_id;    /* that is asked whether it is the one meant; NULL = none */
    char *lost_ids;      /* of vouchers that vanish, not yet asked for; NULL = none */
    int64_t vanished_vouchers, vanished_postings; /* whole vouchers, not confirmed by anybody */
    int vanish_year, is_over_limit;
    struct range probes[PULL_PROBES_MAX]; /* a stack of days to ask /ledger/postingByDate for */
    int probes_count, probes_asked;
    int is_visible; /* readers see a change of this publication */
    char *held_detail;

    enum pull_end end;
    enum answer_class class;
    struct err err;
};

/* The only function that moves a pull; `pull` may be gone when it returns. */
void pull_step(struct pull *pull, enum pull_event event);

/* Ends it with that error, whatever the state. */
void pull_fail(struct pull *pull, enum answer_class class, const struct err *err);

/* The vanish guard, part of the comparison: what vanishes, and whether that is to be looked into.
 */
void pull_add_guard(struct pull *pull, struct pg_batch *batch, const char *client_id);
int pull_is_doubted(const struct pull *pull) MUST_USE;
int pull_take_lost(void *ctx, const struct pg_result *result, struct err *err) MUST_USE;
/* The ask_check_fn of a list of which nothing but its shape is read. */
int pull_check_list(const char *body, size_t len, struct err *err) MUST_USE;

/* Begins a transaction that readers see: it fails unless the client is still there and its token
 * ours. */
void pull_add_lock(const struct pull *pull, struct pg_batch *batch);
/* A statement has changed something that they see. */
int pull_note_visible(void *ctx, const struct pg_result *result, struct err *err) MUST_USE;
int pull_take_unexplained(void *ctx, const struct pg_result *result, struct err *err) MUST_USE;

/* What vanished from the list is still counted by Tripletex's own saldo. */
void pull_hold_hidden(struct pull *pull);

/* Runs a batch (taken) on the stage's connection, or on any writer where there is no stage, and
 * goes on with `next`. Not where it fails, which ends the pull, or where the pull was stopped
 * meanwhile. */
typedef void pull_next_fn(struct pull *pull);
void pull_run(struct pull *pull, struct pg_batch *batch, pull_next_fn *next);

/* The same where a failure is not the end: `done` gets the pull, and asks pull_was_stopped() first.
 */
void pull_run_batch(struct pull *pull, struct pg_batch *batch,
                    void (*done)(void *, const struct err *));

/* First lines of such a callback: 1 = the pull was stopped and is gone. */
int pull_was_stopped(struct pull *pull) MUST_USE;

/* The actions of the table, one file each. */
void pull_remember(struct pull *pull);
void pull_resolve(struct pull *pull);
void pull_list(struct pull *pull);
void pull_settle(struct pull *pull);
void pull_head(struct pull *pull);
void pull_walk(struct pull *pull);    /* begins the walk */
void pull_walk_on(struct pull *pull); /* the next round */
void pull_compare(struct pull *pull);
void pull_list_unknown(struct pull *pull);
void pull_decide(struct pull *pull); /* what follows from the comparison */
void pull_trace(struct pull *pull);
void pull_probe(struct pull *pull);
void pull_weigh(struct pull *pull);
void pull_publish(struct pull *pull);
void pull_confirm(struct pull *pull);
void pull_explain(struct pull *pull);
void pull_gather(struct pull *pull);
void pull_close(struct pull *pull);

/* Ends the pull, whose postings or saldo are on an account that no list holds: `err` says where.
 * The next one reads the list of accounts whatever its digest. */
void pull_fail_unknown_account(struct pull *pull, const struct err *err);

/* Whether balances are to be read though no posting changed: openings that are due, proofs that
 * fail. */
int pull_has_sheets_due(const struct pull *pull) MUST_USE;

/* Whether a resync of a part reads this year. */
int pull_is_read_again(const struct pull *pull, int year) MUST_USE;

/* Tells the database what this pull has learnt of the checksums; nothing where that is no news. */
void pull_add_digest_faults(const struct pull *pull, struct pg_batch *batch, const char *client_id);

void pull_remember_header(struct pull *pull, const char *variant, const char *digest,
                          int64_t age_ms);

/* A date column of a row; 0 where null. */
int32_t pull_read_day(const struct pg_result *result, int row, const char *column) MUST_USE;

/* Whether a resync is of a year or an account alone. */
int pull_order_is_partial(const struct pull_order *order) MUST_USE;

/* Until the next range is due; negative = it is. Pulls begin an interval apart: what this one has
 * taken is a part of it. */
int64_t pull_next_in_ms(const struct pull *pull) MUST_USE;

/* Whether everything is read whatever the digests say: by order, or since it was long ago. */
int pull_is_recheck_due(const struct pull *pull) MUST_USE;

/* "clientid" as text for a statement. */
const char *pull_client_id(const struct pull *pull, char out[24]);

#endif
