/* Tests of what /api/v1/events tells: the difference of two pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/status_internal.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"

static struct status_client client(int64_t client_id, char *document)
{
    return (struct status_client){ .client_id = client_id,
                                   .org_nr = "974760673",
                                   .document = document };
}

static void check(struct status_overview *was, struct status_overview *is, int count,
                  const char *wanted)
{
    AUTO_BUF struct buf out;
    int found = -1;
    buf_init(&out, 4096);
    was->serial = 4;
    is->serial = 7;
    assert_int_equal(status_events_append_change(was, is, &out, &found), 0);
    assert_int_equal(found, count);
    AUTO_FREE char *event = mem_printf("event: change\ndata: {\"since\":4,\"serial\":7,%s}\n\n",
                                       wanted);
    assert_string_equal(buf_text(&out), event);
}

static void tells_what_came_changed_and_went(void **state)
{
    struct status_client before[] = { client(1, "{\"a\":1}"), client(3, "{\"c\":1}"),
                                      client(4, "{\"d\":1}") };
    struct status_client after[] = { client(1, "{\"a\":1}"), client(2, "{\"b\":1}"),
                                     client(4, "{\"d\":2}") };
    struct status_overview was = { .clients = before, .count = 3, .tokens = "[]" };
    struct status_overview is = { .clients = after, .count = 3, .tokens = "[]" };
    (void)state;
    check(&was, &is, 3,
          "\"clients\":[{\"b\":1},{\"d\":2}],\"gone\":[\"974760673\"],\"bureaus\":null");
}

static void tells_nothing_where_nothing_differs(void **state)
{
    struct status_client clients[] = { client(1, "{\"a\":1}"), client(3, "{\"c\":1}") };
    struct status_overview was = { .clients = clients, .count = 2, .tokens = "[]" };
    struct status_overview is = was;
    struct status_overview none = { .tokens = "[]" }, empty = { .tokens = "[]" };
    (void)state;
    check(&was, &is, 0, "\"clients\":[],\"gone\":[],\"bureaus\":null");
    check(&none, &empty, 0, "\"clients\":[],\"gone\":[],\"bureaus\":null");
}

static void tells_of_the_tokens(void **state)
{
    struct status_overview was = { .tokens = "[]" };
    struct status_overview is = { .tokens = "[{\"name\":\"x\"}]" };
    (void)state;
    check(&was, &is, 1, "\"clients\":[],\"gone\":[],\"bureaus\":[{\"name\":\"x\"}]");
}

/* As with most pulls: the client changed, and so did the budget of its token. */
static void tells_of_clients_and_tokens_at_once(void **state)
{
    struct status_client before[] = { client(1, "{\"a\":1}"), client(2, "{\"b\":1}") };
    struct status_client after[] = { client(1, "{\"a\":2}"), client(2, "{\"b\":2}") };
    struct status_overview was = { .clients = before, .count = 2, .tokens = "[]" };
    struct status_overview is = { .clients = after, .count = 2, .tokens = "[1]" };
    (void)state;
    check(&was, &is, 3, "\"clients\":[{\"a\":2},{\"b\":2}],\"gone\":[],\"bureaus\":[1]");
}

static void says_when_there_is_no_room(void **state)
{
    struct status_client clients[] = { client(1, "{\"a\":\"more than there is room for\"}") };
    struct status_overview was = { .tokens = "[]" };
    struct status_overview is = { .clients = clients, .count = 1, .tokens = "[]" };
    AUTO_BUF struct buf out;
    int count = 0;
    (void)state;
    buf_init(&out, 64);
    assert_true(status_events_append_change(&was, &is, &out, &count) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_came_changed_and_went),
        cmocka_unit_test(tells_nothing_where_nothing_differs),
        cmocka_unit_test(tells_of_the_tokens),
        cmocka_unit_test(tells_of_clients_and_tokens_at_once),
        cmocka_unit_test(says_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
