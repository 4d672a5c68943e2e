/* Tests of daemon/settings.h: what is read, from which files, and what a reload tells. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/settings.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "tests/unit/conf_folder.h"

/* --- reading --- */

static void has_defaults(void **state)
{
    struct settings *settings = conf_folder_read_good(*state, "");
    char host[256] = "";
    assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
    assert_string_equal(settings->file, ((struct conf_folder *)*state)->file);
    assert_string_equal(settings->conninfo, "dbname=saldod");
    assert_int_equal(settings->database_connections, 4);
    assert_string_equal(settings->instance, host);
    assert_string_equal(settings->base_url, "https://tripletex.no/v2");
    assert_string_equal(settings->consumer_token_file, "credential:consumer-token");
    assert_null(settings->ca_file);
    assert_int_equal(settings->tripletex_connections, 8);
    assert_int_equal(settings->timeout_ms, 60000);
    assert_int_equal(settings->pull_interval_ms, 300000);
    assert_int_equal(settings->cold_interval_ms, 3600000);
    assert_int_equal(settings->master_interval_ms, 3600000);
    assert_int_equal(settings->recheck_interval_ms, 86400000);
    assert_int_equal(settings->history_years, 2);
    assert_int_equal(settings->future_months, 36);
    assert_int_equal(settings->vanish_limit_percent, 20);
    assert_string_equal(settings->resources, "all");
    assert_true(settings_has_resource(settings, "asset"));
    assert_int_equal(settings->lifetime_days, 2);
    assert_int_equal(settings->renew_before_ms, 21600000);
    assert_int_equal(settings->budget_leave_percent, 20);
    assert_string_equal(settings->seal_key_file, "credential:seal-key");
    assert_string_equal(settings->status_listen, "127.0.0.1:9460");
    assert_int_equal(settings->log_level, LOG_LEVEL_INFO);
    assert_int_equal(settings->bureaus_count + settings->clients_count, 0);
    settings_unref(settings);
}

static const char EVERYTHING[] = "[database]\n"
                                 "conninfo = host=/run/pg dbname=x\n"
                                 "connections = 64\n"
                                 "instance = north\n"
                                 "[tripletex]\n"
                                 "base_url = http://127.0.0.1:8080/v2/\n"
                                 "consumer_token_file = /etc/saldod/consumer ; a path\n"
                                 "ca_file = /etc/ssl/own.pem\n"
                                 "connections = 1\n"
                                 "timeout = 500s\n"
                                 "[schedule]\n"
                                 "pull_interval = 1s\n"
                                 "cold_interval = 1s\n"
                                 "master_interval = 2s\n"
                                 "recheck_interval = 1d\n"
                                 "history_years = 0\n"
                                 "future_months = 120\n"
                                 "vanish_limit = 100%\n"
                                 "[mirror]\n"
                                 "resources = asset_posting , open_post,\tasset\n"
                                 "[session]\n"
                                 "lifetime_days = 1\n"
                                 "renew_before = 23h\n"
                                 "[budget]\n"
                                 "leave = 0%\n"
                                 "[security]\n"
                                 "seal_key_file = ./seal-key\n"
                                 "[status]\n"
                                 "listen =\n"
                                 "[log]\n"
                                 "level = debug\n";

static void reads_every_plain_option(void **state)
{
    struct settings *settings = conf_folder_read_good(*state, EVERYTHING);
    assert_string_equal(settings->conninfo, "host=/run/pg dbname=x");
    assert_int_equal(settings->database_connections, 64);
    assert_string_equal(settings->instance, "north");
    assert_string_equal(settings->base_url, "http://127.0.0.1:8080/v2");
    assert_string_equal(settings->consumer_token_file, "/etc/saldod/consumer");
    assert_string_equal(settings->ca_file, "/etc/ssl/own.pem");
    assert_int_equal(settings->tripletex_connections, 1);
    assert_int_equal(settings->timeout_ms, 500000);
    assert_int_equal(settings->pull_interval_ms, 1000);
    assert_int_equal(settings->cold_interval_ms, 1000);
    assert_int_equal(settings->master_interval_ms, 2000);
    assert_int_equal(settings->recheck_interval_ms, 86400000);
    assert_int_equal(settings->history_years, 0);
    assert_int_equal(settings->future_months, 120);
    assert_int_equal(settings->vanish_limit_percent, 100);
    assert_true(settings_has_resource(settings, "asset"));
    assert_true(settings_has_resource(settings, "asset_posting"));
    assert_true(settings_has_resource(settings, "open_post"));
    assert_false(settings_has_resource(settings, "budget"));
    assert_int_equal(settings->lifetime_days, 1);
    assert_int_equal(settings->renew_before_ms, 82800000);
    assert_int_equal(settings->budget_leave_percent, 0);
    assert_string_equal(settings->seal_key_file, "./seal-key");
    assert_string_equal(settings->status_listen, "");
    assert_int_equal(settings->log_level, LOG_LEVEL_DEBUG);
    settings_unref(settings);
}

/* The three set-ups of the contract, in any order, with a bureau that only the database knows. */
static const char SET_UPS[] = "[client 974760673]\n"
                              "name = Fjord Fisk AS\n"
                              "bureau = Regnskap Nord AS\n"
                              "pull_interval = 30d\n"
                              "history_from = 2015-07-01\n"
                              "[client 811126489]\n"
                              "employee_token_file = credential:nordlys\n"
                              "org_nr =\n"
                              "[bureau \"Regnskap Nord AS\"]\n"
                              "employee_token_file = credential:regnskap-nord\n"
                              "[client 123456785]\n"
                              "bureau = Of the database\n"
                              "org_nr = 123456785\n"
                              "[bureau \"Bl\xc3\xa5 & Co\"]\n"
                              "employee_token_file = /blue\n"
                              "org_nr = 974760673\n";

static void reads_bureaus_and_clients_in_order(void **state)
{
    struct settings *settings = conf_folder_read_good(*state, SET_UPS);
    assert_int_equal(settings->bureaus_count, 2);
    const struct settings_bureau *blue = &settings->bureaus[0], *north = &settings->bureaus[1];
    assert_string_equal(blue->name, "Bl\xc3\xa5 & Co");
    assert_string_equal(blue->org_nr, "974760673");
    assert_string_equal(blue->employee_token_file, "/blue");
    assert_int_equal(blue->line, 14);
    assert_string_equal(north->name, "Regnskap Nord AS");
    assert_string_equal(north->org_nr, "%ORGNR%");
    assert_string_equal(north->file, settings->file);

    assert_int_equal(settings->clients_count, 3);
    const struct settings_client *database = &settings->clients[0], *own = &settings->clients[1];
    const struct settings_client *fish = &settings->clients[2];
    assert_string_equal(database->org_nr, "123456785");
    assert_string_equal(database->org_nr_setting, "123456785");
    assert_null(database->name);
    assert_null(database->employee_token_file);
    assert_int_equal(database->pull_interval_ms, 0);
    assert_null(database->history_from);
    assert_string_equal(own->org_nr, "811126489");
    assert_string_equal(own->org_nr_setting, "");
    assert_string_equal(own->employee_token_file, "credential:nordlys");
    assert_null(own->bureau);
    assert_string_equal(fish->name, "Fjord Fisk AS");
    assert_string_equal(fish->bureau, "Regnskap Nord AS");
    assert_null(fish->org_nr_setting);
    assert_true(fish->pull_interval_ms == INT64_C(30) * 86400000);
    assert_string_equal(fish->history_from, "2015-07-01");
    assert_int_equal(fish->line, 1);
    settings_unref(settings);
}

static void keeps_a_snapshot_while_referred_to(void **state)
{
    struct settings *settings = conf_folder_read_good(*state, SET_UPS);
    assert_ptr_equal(settings_ref(settings), settings);
    settings_unref(settings);
    assert_string_equal(settings->conninfo, "dbname=saldod");
    settings_unref(settings);
    settings_unref(NULL);
}

/* --- files --- */

static void tells_files_that_cannot_be_read(void **state)
{
    struct conf_folder *folder = *state;
    AUTO_FREE char *missing = conf_folder_read_faulty(folder);
    AUTO_FREE char *start = mem_printf("%s: cannot read the file: No such file", folder->file);
    assert_int_equal(strncmp(missing, start, strlen(start)), 0);
    assert_int_equal(mkdir(folder->file, 0700), 0);
    AUTO_FREE char *is_folder = conf_folder_read_faulty(folder);
    assert_non_null(strstr(is_folder, ": cannot read the file: Is a directory"));
    assert_int_equal(rmdir(folder->file), 0);
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    AUTO_FREE char *is_pipe = conf_folder_read_faulty(folder);
    assert_non_null(strstr(is_pipe, ": cannot read the file: it is no plain file"));
    assert_int_equal(unlink(folder->file), 0);
    conf_folder_put(folder->file, "");
    conf_folder_put(folder->drop_ins, "");
    AUTO_FREE char *no_folder = conf_folder_read_faulty(folder);
    assert_non_null(strstr(no_folder, ".conf.d: cannot read the folder of drop-ins"));
}

static void drop_ins_override_in_order_of_name(void **state)
{
    const struct conf_folder *folder = *state;
    conf_folder_put_drop_in(folder, "20-b.conf", "[schedule]\npull_interval = 3s\n");
    conf_folder_put_drop_in(folder, "10-a.conf",
                            "[schedule]\npull_interval = 2s\ncold_interval = 2s\n");
    conf_folder_put_drop_in(folder, "C.conf", "[bureau \"X\"]\nemployee_token_file = /x\n");
    conf_folder_put_drop_in(folder, ".hidden.conf", "nonsense\n");
    conf_folder_put_drop_in(folder, "30-c.conf~", "nonsense\n");
    conf_folder_put_drop_in(folder, "README", "nonsense\n");
    conf_folder_put_drop_in(folder, ".conf", "nonsense\n");
    struct settings *settings = conf_folder_read_good(folder, "[schedule]\npull_interval = 1s\n"
                                                              "master_interval = 1s\n");
    assert_int_equal(settings->pull_interval_ms, 3000);
    assert_int_equal(settings->cold_interval_ms, 2000);
    assert_int_equal(settings->master_interval_ms, 1000);
    assert_non_null(strstr(settings->bureaus[0].file, "saldod.conf.d/C.conf"));
    settings_unref(settings);
}

static void refuses_a_second_bureau_or_client_with_both_places(void **state)
{
    const struct conf_folder *folder = *state;
    static const char BOTH[] = "[bureau \"X\"]\nemployee_token_file = /x\n"
                               "[client 974760673]\nbureau = X\n";
    conf_folder_put(folder->file, BOTH);
    conf_folder_put_drop_in(folder, "a.conf", BOTH);
    AUTO_FREE char *faults = conf_folder_read_faulty(folder);
    AUTO_FREE char *expected = mem_printf(
        "%s/a.conf:1: the bureau \"X\" stands at %s:1 already; remove one of the two\n"
        "%s/a.conf:3: the client 974760673 stands at %s:3 already; remove one of the "
        "two\n",
        folder->drop_ins, folder->file, folder->drop_ins, folder->file);
    assert_string_equal(faults, expected);
}

/* Faults of every file are told, each with its own name, though a later file overrides the option.
 */
static void tells_faults_of_all_files(void **state)
{
    const struct conf_folder *folder = *state;
    conf_folder_put(folder->file, "[log]\nlevel = loud\n");
    conf_folder_put_drop_in(folder, "a.conf", "[log]\nlevel = info\nx = 1\n");
    conf_folder_put_drop_in(folder, "b.conf", "[session]\n\nrenew_before = 2d\n");
    AUTO_FREE char *faults = conf_folder_read_faulty(folder);
    assert_int_equal(conf_folder_count_lines(faults), 3);
    assert_non_null(strstr(faults, "saldod.conf:2: "));
    assert_non_null(strstr(faults, "a.conf:3: "));
    assert_non_null(strstr(faults, "b.conf:3: renew_before"));
}

/* --- what a reload tells --- */

static void check_change(const struct conf_folder *folder, const char *from, const char *to,
                         const char *expected)
{
    struct settings *before = conf_folder_read_good(folder, from);
    struct settings *after = conf_folder_read_good(folder, to);
    AUTO_BUF struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(settings_describe_change(before, after, &out), 0);
    assert_string_equal(buf_text(&out), expected);
    settings_unref(before);
    settings_unref(after);
}

static void tells_what_changed(void **state)
{
    check_change(*state, EVERYTHING, EVERYTHING, "");
    check_change(*state, SET_UPS, SET_UPS, "");
    check_change(*state, "", "[database]\nconninfo = password=hush\n[status]\nlisten =\n",
                 "[database] conninfo: changed (not shown, it may hold a password)\n"
                 "[status] listen: 127.0.0.1:9460 -> (nothing)\n");
    check_change(*state, "[tripletex]\nca_file = /x\n[log]\nlevel = error\n",
                 "[schedule]\nvanish_limit = 30%\npull_interval = 90s\n",
                 "[tripletex] ca_file: /x -> (nothing)\n"
                 "[schedule] pull_interval: 5min -> 90s\n"
                 "[schedule] vanish_limit: 20% -> 30%\n"
                 "[log] level: error -> info\n");
}

static void tells_which_bureaus_and_clients_changed(void **state)
{
    check_change(
        *state,
        "[bureau \"B\"]\nemployee_token_file = /b\n[bureau \"C\"]\nemployee_token_file = /c\n"
        "[client 974760673]\nbureau = B\n[client 811126489]\nbureau = B\nname = N\n",
        "[bureau \"A\"]\nemployee_token_file = /a\n[bureau \"B\"]\nemployee_token_file = /x\n"
        "[client 811126489]\nbureau = A\npull_interval = 1min\n[client 123456785]\nbureau = B\n",
        "[bureau \"A\"]: added\n"
        "[bureau \"B\"] employee_token_file: /b -> /x\n"
        "[bureau \"C\"]: no longer configured\n"
        "[client 123456785]: added\n"
        "[client 811126489] name: N -> (nothing)\n"
        "[client 811126489] bureau: B -> A\n"
        "[client 811126489] pull_interval: (nothing) -> 1min\n"
        "[client 974760673]: no longer configured\n");
}

static void cuts_changes_between_lines(void **state)
{
    struct settings *before = conf_folder_read_good(*state, "");
    struct settings *after = conf_folder_read_good(*state, EVERYTHING);
    for (size_t max = 0; max < 300; max++) {
        AUTO_BUF struct buf out;
        buf_init(&out, max);
        assert_int_equal(settings_describe_change(before, after, &out), -EMSGSIZE);
        assert_true(out.len_bytes == 0 || out.data[out.len_bytes - 1] == '\n');
        assert_int_equal(strlen(buf_text(&out)), out.len_bytes);
    }
    settings_unref(before);
    settings_unref(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_CONF_FOLDER(has_defaults),
        TEST_IN_CONF_FOLDER(reads_every_plain_option),
        TEST_IN_CONF_FOLDER(reads_bureaus_and_clients_in_order),
        TEST_IN_CONF_FOLDER(keeps_a_snapshot_while_referred_to),
        TEST_IN_CONF_FOLDER(tells_files_that_cannot_be_read),
        TEST_IN_CONF_FOLDER(drop_ins_override_in_order_of_name),
        TEST_IN_CONF_FOLDER(refuses_a_second_bureau_or_client_with_both_places),
        TEST_IN_CONF_FOLDER(tells_faults_of_all_files),
        TEST_IN_CONF_FOLDER(tells_what_changed),
        TEST_IN_CONF_FOLDER(tells_which_bureaus_and_clients_changed),
        TEST_IN_CONF_FOLDER(cuts_changes_between_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
