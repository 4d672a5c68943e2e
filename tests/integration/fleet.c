#include "tests/integration/fleet.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "tests/integration/db.h"
#include "tests/integration/world.h"

enum { TEXT_BYTES_MAX = 64 * 1024 * 1024, FIRST_NUMBER = 81000000, NUMBERS = 20000, YEAR = 2026 };

/* --- organisation numbers --- */

/* -1: no number begins with these eight digits. */
static int control_digit(int number)
{
    static const int WEIGHTS[] = { 2, 3, 4, 5, 6, 7, 2, 3 }; /* from the right */
    int sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(WEIGHTS); i++, number /= 10)
        sum += number % 10 * WEIGHTS[i];
    int digit = (11 - sum % 11) % 11;
    return digit == 10 ? -1 : digit;
}

/* The table is made once: of each eleven numbers one is not valid. */
static const int *valid_numbers(void)
{
    static int numbers[NUMBERS];
    int number = FIRST_NUMBER;
    for (int i = 0; numbers[NUMBERS - 1] == 0 && i < NUMBERS; number++) {
        if (control_digit(number) >= 0)
            numbers[i++] = number * 10 + control_digit(number);
    }
    return numbers;
}

void fleet_org_nr(int client, char out[FLEET_ORG_NR_BYTES])
{
    assert_in_range(client, 0, NUMBERS - 1);
    (void)snprintf(out, FLEET_ORG_NR_BYTES, "%09d", valid_numbers()[client]);
}

static int client_of(const struct fleet *fleet, const char *org_nr)
{
    const int *numbers = valid_numbers();
    int wanted = org_nr ? (int)strtol(org_nr, NULL, 10) : 0;
    int from = 0, to = fleet->clients;
    while (from < to) {
        int middle = (from + to) / 2;
        if (numbers[middle] < wanted)
            from = middle + 1;
        else
            to = middle;
    }
    return from < fleet->clients && numbers[from] == wanted ? from : -1;
}

/* --- the world --- */

static void append(struct buf *out, const char *text)
{
    if (buf_append_text(out, text) < 0)
        fail_msg("the world is too large");
}

static void append_company(const struct fleet *fleet, int client, struct buf *out)
{
    char org_nr[FLEET_ORG_NR_BYTES];
    int postings = client == 0 && fleet->big_postings > 0 ? fleet->big_postings : fleet->postings;
    fleet_org_nr(client, org_nr);
    AUTO_FREE char *text = mem_printf(
        "%s{\"orgNr\":\"%s\",\"name\":\"Klient %d\",\"seed\":%d,\"postingsPerYear\":%d,"
        "\"firstYear\":%d,\"lastYear\":%d}",
        client > 0 ? "," : "", org_nr, client, client + 1, postings, YEAR - fleet->years + 1, YEAR);
    append(out, text);
}

static void append_token(const struct fleet *fleet, int bureau, struct buf *out)
{
    AUTO_FREE char *head = mem_printf(
        "%s{\"employeeToken\":\"test-b%d\",\"name\":\"B%d\",\"kind\":\"bureau\",\"access\":[",
        bureau > 0 ? "," : "", bureau, bureau);
    append(out, head);
    for (int client = bureau; client < fleet->clients; client += fleet->bureaus) {
        char org_nr[FLEET_ORG_NR_BYTES];
        fleet_org_nr(client, org_nr);
        AUTO_FREE char *text = mem_printf("%s\"%s\"", client > bureau ? "," : "", org_nr);
        append(out, text);
    }
    append(out, "]}");
}

char *fleet_world(const struct fleet *fleet)
{
    struct buf out;
    buf_init(&out, TEXT_BYTES_MAX);
    append(&out, "{\"consumerToken\":\"test-consumer\",\"companies\":[");
    for (int i = 0; i < fleet->clients; i++)
        append_company(fleet, i, &out);
    append(&out, "],\"tokens\":[");
    for (int i = 0; i < fleet->bureaus; i++)
        append_token(fleet, i, &out);
    append(&out, "]}");
    return buf_steal(&out);
}

void fleet_register(const struct fleet *fleet, PGconn *db)
{
    AUTO_BUF struct buf sql;
    buf_init(&sql, TEXT_BYTES_MAX);
    append(&sql, "INSERT INTO bureau.client (org_nr, name, bureau_id) SELECT v.org_nr, v.name, "
                 "b.bureau_id FROM (VALUES ");
    for (int i = 0; i < fleet->clients; i++) {
        char org_nr[FLEET_ORG_NR_BYTES];
        fleet_org_nr(i, org_nr);
        AUTO_FREE char *row = mem_printf("%s('%s','Klient %d','B%d')", i > 0 ? "," : "", org_nr, i,
                                         i % fleet->bureaus);
        append(&sql, row);
    }
    append(&sql, ") v (org_nr, name, bureau) JOIN bureau.bureau b ON b.name = v.bureau");
    db_runf(db,
            "INSERT INTO bureau.bureau (name, employee_token) SELECT 'B' || i, 'test-b' || i "
            "FROM generate_series(0, %d) i",
            fleet->bureaus - 1);
    db_run(db, buf_text(&sql));
}

/* --- who asked what --- */

static json_t *read_requests(struct world *world)
{
    AUTO_FREE char *text = world_get(world, "/requests");
    json_t *log = json_loads(text, 0, NULL);
    if (!log)
        fail_msg("/control/requests is no JSON: %.200s", text);
    return log;
}

static int64_t time_of(const json_t *request)
{
    return json_integer_value(json_object_get(request, "timeMs"));
}

struct token_use {
    int count, switches, last; /* the sandbox asked last: 1 or 2; 0 = none */
};

static void note_use(const struct fleet *fleet, struct token_use *uses, const json_t *request,
                     int world)
{
    const char *token = json_string_value(json_object_get(request, "token"));
    int number = 0;
    if (!token || sscanf(token, "B%d", &number) != 1)
        return;
    assert_in_range(number, 0, fleet->bureaus - 1);
    struct token_use *use = &uses[number];
    use->count++;
    use->switches += use->last != 0 && use->last != world;
    use->last = world;
}

int fleet_switches(const struct fleet *fleet, struct world *one, struct world *other, int least)
{
    json_t *logs[] = { read_requests(one), read_requests(other) };
    const json_t *rows[] = { json_object_get(logs[0], "requests"),
                             json_object_get(logs[1], "requests") };
    size_t at[] = { 0, 0 };
    AUTO_FREE struct token_use *uses = mem_new((size_t)fleet->bureaus, sizeof(*uses));
    int most = 0;
    for (;;) {
        const json_t *next[] = { json_array_get(rows[0], at[0]), json_array_get(rows[1], at[1]) };
        if (!next[0] && !next[1])
            break;
        int world = !next[0] || (next[1] && time_of(next[1]) < time_of(next[0]));
        note_use(fleet, uses, next[world], world + 1);
        at[world]++;
    }
    for (int i = 0; i < fleet->bureaus; i++) {
        if (uses[i].count < least)
            fail_msg("the token of B%d was used %d times only", i, uses[i].count);
        most = uses[i].switches > most ? uses[i].switches : most;
    }
    json_decref(logs[0]);
    json_decref(logs[1]);
    return most;
}

int *fleet_asked(const struct fleet *fleet, struct world *world, int *ret_count)
{
    json_t *log = read_requests(world);
    const json_t *rows = json_object_get(log, "requests");
    size_t count = json_array_size(rows);
    int *asked = mem_new(count + 1, sizeof(*asked));
    for (size_t i = 0; i < count; i++) {
        const json_t *org_nr = json_object_get(json_array_get(rows, i), "orgNr");
        asked[i] = client_of(fleet, json_string_value(org_nr));
    }
    *ret_count = (int)count;
    json_decref(log);
    return asked;
}
