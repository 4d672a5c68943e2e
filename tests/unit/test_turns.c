/* Tests of daemon/turns.h: whose turn it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/turns.h"
#include "lib/base/mem.h"

enum { CLIENTS = 200, BIG = 100000 };

static struct turn_queue *open_queue(struct turns *turns)
{
    struct turn_queue *queue = turn_queue_new(turns);
    turn_queue_open(queue, 1);
    return queue;
}

/* All that may begin now; how many. */
static int begin_all(struct turns *turns, struct turn **out, int room)
{
    int count = 0;
    struct turn *turn;
    while (count < room && (turn = turns_next(turns)))
        out[count++] = turn;
    return count;
}

static void who_is_due_longest_goes_first(void **state)
{
    struct turns *turns = turns_new();
    struct turn_queue *queue = open_queue(turns);
    struct turn all[3] = { { .queue = NULL } };
    (void)state;
    turn_wait(&all[0], queue, TURN_LOOK, 30);
    turn_wait(&all[1], queue, TURN_LOOK, 10);
    turn_wait(&all[2], queue, TURN_LOOK, 20);
    turn_leave(&all[2]);
    turn_leave(&all[2]);
    assert_ptr_equal(turns_next(turns), &all[1]);
    assert_ptr_equal(turns_next(turns), &all[0]);
    assert_null(turns_next(turns));
    turn_end(&all[0], TURN_ENDED);
    turn_end(&all[1], TURN_ENDED);
    turn_queue_drop(queue);
    turns_free(turns);
}

static void nothing_begins_at_a_token_that_is_not_ours(void **state)
{
    struct turns *turns = turns_new();
    struct turn_queue *queue = turn_queue_new(turns);
    struct turn turn = { .queue = NULL };
    (void)state;
    turn_wait(&turn, queue, TURN_LOOK, 0);
    assert_null(turns_next(turns));
    turn_queue_open(queue, 1);
    turn_queue_open(queue, 0);
    assert_null(turns_next(turns));
    turn_queue_open(queue, 1);
    assert_ptr_equal(turns_next(turns), &turn);
    turn_queue_drop(queue); /* kept by what runs */
    turn_end(&turn, TURN_WENT_WELL);
    turns_free(turns);
}

/* Each pull takes one unit of time; every client comes back due behind the others. */
static void every_client_is_pulled_once_before_any_is_pulled_twice(void **state)
{
    static struct turn all[CLIENTS];
    static int pulled[CLIENTS];
    struct turns *turns = turns_new();
    struct turn_queue *queue = open_queue(turns);
    int64_t now = 1;
    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        turn_wait(&all[i], queue, TURN_LOOK, now);
    for (int pulls = 0; pulls < 5 * CLIENTS; pulls++) {
        struct turn *turn = turns_next(turns);
        int i = (int)(turn - all);
        int least = pulled[0];
        for (int j = 1; j < CLIENTS; j++)
            least = pulled[j] < least ? pulled[j] : least;
        assert_int_equal(pulled[i], least);
        pulled[i]++;
        turn_end(turn, TURN_WENT_WELL);
        turn_wait(turn, queue, TURN_LOOK, ++now);
    }
    for (int i = 0; i < CLIENTS; i++)
        turn_leave(&all[i]);
    turn_queue_drop(queue);
    turns_free(turns);
}

/* Loads that never end have one place while others wait, and half of them while none does. */
static void loads_leave_places_to_looks(void **state)
{
    struct turns *turns = turns_new();
    struct turn_queue *queue = open_queue(turns);
    struct turn loads[20], looks[20], *begun[40];
    int count[TURN_KINDS] = { 0 };
    (void)state;
    memset(loads, 0, sizeof(loads));
    memset(looks, 0, sizeof(looks));
    for (int i = 0; i < 20; i++) {
        turn_wait(&loads[i], queue, TURN_LOAD, 0);
        turn_wait(&looks[i], queue, TURN_LOOK, 0);
    }
    int total = begin_all(turns, begun, 40);
    for (int i = 0; i < total; i++)
        count[begun[i]->kind]++;
    assert_int_equal(count[TURN_LOAD], 1);
    assert_int_equal(count[TURN_LOOK], TURNS_PER_TOKEN_MAX - 1);
    for (int i = 0; i < 20; i++) {
        if (looks[i].is_running)
            turn_end(&looks[i], TURN_WENT_WELL);
        else
            turn_leave(&looks[i]);
    }
    total = begin_all(turns, begun, 40);
    assert_int_equal(total, TURNS_PER_TOKEN_MAX / 2 - 1);
    turn_wait(&looks[0], queue, TURN_LOOK, 0);
    assert_ptr_equal(turns_next(turns), &looks[0]); /* at once */
    turn_end(&looks[0], TURN_WENT_WELL);
    for (int i = 0; i < 20; i++) {
        if (loads[i].is_running)
            turn_end(&loads[i], TURN_ENDED);
        else
            turn_leave(&loads[i]);
    }
    turn_queue_drop(queue);
    turns_free(turns);
}

/* By work done: the large one goes on once the small ones have done as much. */
static void small_loads_do_not_wait_for_a_large_one(void **state)
{
    struct turns *turns = turns_new();
    struct turn_queue *queue = open_queue(turns);
    struct turn big = { .queue = NULL }, small = { .queue = NULL }, *begun[2];
    (void)state;
    turn_wait(&big, queue, TURN_LOAD, BIG);
    turn_wait(&small, queue, TURN_LOAD, 5);
    assert_int_equal(begin_all(turns, begun, 1), 1);
    assert_ptr_equal(begun[0], &small);
    turn_end(&small, TURN_WENT_WELL);
    assert_ptr_equal(turns_next(turns), &big);
    turn_end(&big, TURN_WENT_WELL);
    turn_queue_drop(queue);
    turns_free(turns);
}

static void a_token_that_times_out_has_one_place_until_it_goes_well(void **state)
{
    struct turns *turns = turns_new();
    struct turn_queue *queue = open_queue(turns);
    struct turn all[10], *begun[10];
    (void)state;
    memset(all, 0, sizeof(all));
    for (int i = 0; i < 10; i++)
        turn_wait(&all[i], queue, TURN_LOOK, i);
    assert_int_equal(begin_all(turns, begun, 10), TURNS_PER_TOKEN_MAX);
    for (int i = 0; i < TURNS_PER_TOKEN_MAX; i++)
        turn_end(begun[i], TURN_TIMED_OUT);
    assert_int_equal(begin_all(turns, begun, 10), 1);
    turn_end(begun[0], TURN_WENT_WELL);
    assert_int_equal(begin_all(turns, begun, 10), 1); /* the last of them */
    turn_end(begun[0], TURN_ENDED);
    for (int i = 0; i < 10; i++)
        turn_wait(&all[i], queue, TURN_LOOK, i);
    assert_int_equal(begin_all(turns, begun, 10), 2);
    turn_end(begun[0], TURN_WENT_WELL);
    turn_end(begun[1], TURN_WENT_WELL);
    for (int i = 0; i < 10; i++)
        turn_leave(&all[i]);
    turn_queue_drop(queue);
    turns_free(turns);
}

/* With a single place, loads and looks take it by turns. */
static void neither_kind_starves_at_a_single_place(void **state)
{
    struct turns *turns = turns_new();
    struct turn_queue *queue = open_queue(turns);
    struct turn first = { .queue = NULL }, load = { .queue = NULL }, look = { .queue = NULL };
    (void)state;
    turn_wait(&first, queue, TURN_LOOK, 0);
    assert_ptr_equal(turns_next(turns), &first);
    turn_end(&first, TURN_TIMED_OUT);
    int loads = 0, looks = 0;
    turn_wait(&load, queue, TURN_LOAD, 0);
    turn_wait(&look, queue, TURN_LOOK, 0);
    for (int i = 0; i < 10; i++) {
        struct turn *turn = turns_next(turns);
        enum turn_kind kind = turn->kind;
        assert_null(turns_next(turns));
        loads += kind == TURN_LOAD;
        looks += kind == TURN_LOOK;
        turn_end(turn, TURN_ENDED);
        turn_wait(turn, queue, kind, 0);
    }
    assert_int_equal(loads, 5);
    assert_int_equal(looks, 5);
    turn_leave(&load);
    turn_leave(&look);
    turn_queue_drop(queue);
    turns_free(turns);
}

/* Bureaus whose server hangs fill no more than their own places. */
static void tokens_take_turns_and_silent_ones_take_no_place(void **state)
{
    enum { TOKENS = TURNS_MAX / TURNS_PER_TOKEN_MAX, EACH = 20 };
    static struct turn hanging[TOKENS][EACH], good;
    struct turn *begun[TURNS_MAX + 1];
    struct turn_queue *queues[TOKENS];
    struct turns *turns = turns_new();
    struct turn_queue *other = open_queue(turns);
    (void)state;
    for (int i = 0; i < TOKENS; i++) {
        queues[i] = open_queue(turns);
        for (int j = 0; j < EACH; j++)
            turn_wait(&hanging[i][j], queues[i], TURN_LOOK, 0);
    }
    assert_int_equal(begin_all(turns, begun, TURNS_MAX + 1), TURNS_MAX);
    for (int i = 0; i < TOKENS; i++)
        assert_int_equal(turn_queue_running(queues[i]), TURNS_PER_TOKEN_MAX);
    turn_wait(&good, other, TURN_LOOK, 0);
    assert_null(turns_next(turns));
    turn_set_quiet(begun[0], 1);
    turn_set_quiet(begun[0], 1);
    assert_ptr_equal(turns_next(turns), &good);
    turn_end(&good, TURN_WENT_WELL);
    for (int i = 0; i < TURNS_MAX; i++)
        turn_end(begun[i], TURN_ENDED);
    for (int i = 0; i < TOKENS; i++) {
        for (int j = 0; j < EACH; j++)
            turn_leave(&hanging[i][j]);
        turn_queue_drop(queues[i]);
    }
    turn_queue_drop(other);
    turns_free(turns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_due_longest_goes_first),
        cmocka_unit_test(nothing_begins_at_a_token_that_is_not_ours),
        cmocka_unit_test(every_client_is_pulled_once_before_any_is_pulled_twice),
        cmocka_unit_test(loads_leave_places_to_looks),
        cmocka_unit_test(small_loads_do_not_wait_for_a_large_one),
        cmocka_unit_test(a_token_that_times_out_has_one_place_until_it_goes_well),
        cmocka_unit_test(neither_kind_starves_at_a_single_place),
        cmocka_unit_test(tokens_take_turns_and_silent_ones_take_no_place),
    };
    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
