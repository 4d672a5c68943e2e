#include "tests/unit/session_owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "daemon/session.h"
#include "lib/base/mem.h"
#include "tests/unit/fake_world.h"

void session_owner_look(void *ctx)
{
    struct session_owner *owner = ctx;
    owner->changes++;
    if (!owner->session)
        return;
    if (owner->is_wanting)
        session_want(owner->session);
    if (session_is_due(owner->session))
        session_make(owner->session);
}

static void answered(void *ctx, const struct http_answer *answer)
{
    (void)ctx, (void)answer;
}

void session_owner_init(struct session_owner *owner, struct fake_world *world, int token)
{
    /* The name of a token is a digest: its first digits are spread evenly. */
    AUTO_FREE char *id = mem_printf("%08x00000000000000000000000", (unsigned)token * 2654435761u);
    AUTO_FREE char *employee = mem_printf("test-%d", token);
    *owner = (struct session_owner){ .world = world, .is_wanting = 1 };
    owner->session = session_new(&world->app,
                                 &(struct session_options){ .token_id = id,
                                                            .employee_token = employee,
                                                            .label = "Regnskap Nord AS",
                                                            .changed = session_owner_look,
                                                            .answered = answered,
                                                            .ctx = owner });
    session_own(owner->session, 1);
    session_owner_look(owner);
}

void session_owner_release(struct session_owner *owner)
{
    session_free(owner->session);
    owner->session = NULL;
}

int session_owner_serves(struct session_owner *owner)
{
    struct session_key *key = session_key_use(owner->session);
    int number = -1;
    if (!key)
        return 0;
    assert_int_equal(sscanf(session_key_text(key), "secret-%d", &number), 1);
    const struct fake_session *session = &owner->world->sessions[number];
    int is_taken = !session->is_ended && !session->is_deleted &&
                   session->ends_us > owner->world->wall_ahead_us + owner->world->now_ms * 1000;
    session_key_drop(key);
    return is_taken;
}

void session_owner_serves_all_the_time(struct session_owner *owner, int64_t ms)
{
    for (int64_t passed = 0; passed < ms; passed += MIN) {
        fake_run_ms(owner->world, MIN);
        assert_true(session_owner_serves(owner));
    }
}
