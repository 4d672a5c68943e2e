/* Tests of daemon/settings.h: every fault is told with its line and what to do. */
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

/* One fault, at that line, with that text in it. */
static void check_fault(const struct conf_folder *folder, const char *content, int line,
                        const char *part)
{
    AUTO_FREE char *start = mem_printf("%s:%d: ", folder->file, line);
    conf_folder_put(folder->file, content);
    AUTO_FREE char *faults = conf_folder_read_faulty(folder);
    if (strncmp(faults, start, strlen(start)) != 0 || !strstr(faults, part) ||
        conf_folder_count_lines(faults) != 1)
        fail_msg("expected %s... %s, got: %s", start, part, faults);
}

struct fault_case {
    const char *content;
    int line;
    const char *part;
};

static void check_cases(void **state, const struct fault_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_fault(*state, cases[i].content, cases[i].line, cases[i].part);
}

#define CHECK_CASES(state, cases) check_cases(state, cases, ARRAY_LEN(cases))

static void refuses_unknown_names(void **state)
{
    static const struct fault_case CASES[] = {
        { "[databse]\nconnections = 4\n", 1, "no section [databse]; did you mean [database]?" },
        { "\n[Database]\n", 2, "did you mean [database]?" },
        { "[database \"x\"]\n", 1, "did you mean [database]?" },
        { "[burau \"X\"]\n", 1, "did you mean [bureau \"NAME\"]?" },
        { "[clint 974760673]\n", 1, "did you mean [client ORGNR]?" },
        { "[webhooks]\nlisten = x\n", 1, "did you mean [webhook]?" },
        { "[mail]\nlisten = x\n", 1, "no section [mail]; remove it" },
        { "[schedule]\npull_intervall = 1s\n", 2, "in [schedule]; did you mean pull_interval?" },
        { "[schedule]\ntimeout = 1s\n", 2,
          "no option timeout in [schedule]; it belongs in [tripletex]" },
        { "[schedule]\nspeed = 1\n", 2, "no option speed in [schedule]; remove it" },
        { "[schedule]\n\xc3\xb8 = 1\n", 2, "remove it" },
        { "[bureau \"X\"]\nemployee_token_file = /x\ntoken = /x\n", 3,
          "no option token in [bureau]" },
        { "[client 974760673]\nbureau = X\norg_no = 1\n", 3, "did you mean org_nr?" },
    };
    CHECK_CASES(state, CASES);
}

static void refuses_bad_numbers(void **state)
{
    static const struct fault_case CASES[] = {
        { "[database]\nconnections = 0\n", 2, "connections: '0' is no whole number from 2 to 64" },
        { "[database]\nconnections = 65\n", 2, "from 2 to 64" },
        { "[tripletex]\nconnections = 65\n", 2, "from 1 to 64" },
        { "[tripletex]\nconnections =\n", 2, "''" },
        { "[tripletex]\nconnections = -1\n", 2, "'-1'" },
        { "[tripletex]\nconnections = 4x\n", 2, "'4x'" },
        { "[tripletex]\nconnections = 18446744073709551617\n", 2, "from 1 to 64" },
        { "[schedule]\nhistory_years = 11\n", 2, "from 0 to 10" },
        { "[schedule]\nfuture_months = 121\n", 2, "from 0 to 120" },
        { "[session]\nlifetime_days = 31\n", 2, "from 1 to 30" },
        { "[schedule]\nvanish_limit = 20\n", 2, "'20' is no whole percentage from 1% to 100%" },
        { "[schedule]\nvanish_limit = 0%\n", 2, "from 1% to 100%; write it as in 20%" },
        { "[schedule]\nvanish_limit = 101%\n", 2, "from 1% to 100%" },
        { "[schedule]\nvanish_limit = %\n", 2, "'%'" },
        { "[schedule]\nvanish_limit = 1.5%\n", 2, "'1.5%'" },
        { "[budget]\nleave = 91%\n", 2, "from 0% to 90%" },
        { "[alert]\nafter = 59s\n", 2, "write a duration from 1min to 30d" },
        { "[alert]\ncommand = mail x\n", 2, "'mail x' does not begin with a slash" },
        { "[alert]\ncommand = /bin/a | /bin/b\n", 2, "that only a shell understands" },
        { "[log]\nlevel = loud\n", 2, "'loud' is no level; write error, warning" },
    };
    CHECK_CASES(state, CASES);
}

static void refuses_bad_durations(void **state)
{
    static const struct fault_case CASES[] = {
        { "[schedule]\npull_interval = 5 minutes\n", 2, "\"5 minutes\" is not a duration" },
        { "[schedule]\npull_interval = 999ms\n", 2,
          "'999ms' is out of range; write a duration from 1s to 1d" },
        { "[schedule]\npull_interval = 25h\n", 2, "from 1s to 1d" },
        { "[schedule]\ncold_interval = 0s\n", 2, "from 1s to 30d" },
        { "[schedule]\nmaster_interval = 31d\n", 2, "from 1s to 30d" },
        { "[schedule]\nrecheck_interval = 0s\n", 2, "from 1s to 365d" },
        { "[tripletex]\ntimeout = 11min\n", 2, "from 1s to 10min" },
        { "[session]\nrenew_before = 48h\n", 2,
          "renew_before is not shorter than lifetime_days (2 days)" },
        { "[session]\nrenew_before = 24h\nlifetime_days = 1\n", 3, "(1 days)" },
    };
    CHECK_CASES(state, CASES);
}

static void refuses_resources_that_nobody_knows(void **state)
{
    static const struct fault_case CASES[] = {
        { "[mirror]\nresources = assets\n", 2,
          "'assets' is no resource; write all, none, or some of dimension, dimension_value, " },
        { "[mirror]\nresources = asset,,budget\n", 2, "'' is no resource" },
        { "[mirror]\nresources = asset,all\n", 2, "'all' is no resource" },
        { "[mirror]\n\nresources =\n", 3, "'' is no resource" },
        { "[mirror]\nresources = posting\n", 2, "sales_module, subscription" },
    };
    CHECK_CASES(state, CASES);
}

static void refuses_bad_texts(void **state)
{
    static const struct fault_case CASES[] = {
        { "[database]\nconninfo =\n", 2, "conninfo: it is empty" },
        { "[tripletex]\nbase_url = http://tripletex.no/v2\n", 2,
          "base_url: http:// to tripletex.no" },
        { "[tripletex]\nbase_url =\n", 2, "write https://HOST/PATH" },
        { "[tripletex]\nconsumer_token_file =\n", 2, "not said where the secret lies; write" },
        { "[tripletex]\nconsumer_token_file = credential:a/b\n", 2, "no name of a credential" },
        { "[security]\nseal_key_file = key\n", 2, "neither a path nor credential:NAME" },
        { "[status]\nlisten = 9460\n", 2, "listen: the port is missing; write HOST:PORT" },
        { "[client 974760673]\nbureau = X\nhistory_from = 2020-02-30\n", 3,
          "'2020-02-30' is no date" },
        { "[client 974760673]\nbureau = X\nname =\n", 3, "name: the name is empty" },
        { "[client 974760673]\nbureau =\n", 2, "bureau: the name is empty" },
        { "[client 974760673]\nemployee_token_file =\n", 2, "not said where" },
        { "[client 974760673]\nbureau = X\norg_nr = 974760674\n", 3,
          "would have to be 3; write nine digits, %ORGNR% for" },
        { "[client 974760673]\nbureau = X\npull_interval = 0s\n", 3, "from 1s to 30d" },
        { "[bureau \"X\"]\nemployee_token_file = /x\norg_nr = %ORGNO%\n", 3, "is not nine digits" },
    };
    CHECK_CASES(state, CASES);
}

static void never_shows_what_may_be_secret(void **state)
{
    conf_folder_put(((struct conf_folder *)*state)->file,
                    "[tripletex]\n"
                    "base_url = https://me:hush@tripletex.no\n"
                    "consumer_token_file = eyJhush\n"
                    "[bureau \"X\"]\n"
                    "employee_token_file = test-hush\n");
    AUTO_FREE char *faults = conf_folder_read_faulty(*state);
    assert_int_equal(conf_folder_count_lines(faults), 3);
    assert_null(strstr(faults, "hush"));
}

/* --- faults of sections --- */

static void refuses_bad_headers(void **state)
{
    static const struct fault_case CASES[] = {
        { "[bureau]\nemployee_token_file = /x\n", 1, "write [bureau \"NAME\"]" },
        { "[bureau X]\n", 1, "write [bureau \"NAME\"]" },
        { "[bureau \"X]\n", 1, "write [bureau \"NAME\"]" },
        { "[bureau \"X\" \"Y\"]\n", 1, "write [bureau \"NAME\"]" },
        { "[bureau \"]\n", 1, "write [bureau \"NAME\"]" },
        { "[bureau \"\"]\nemployee_token_file = /x\n", 1, "[bureau]: the name is empty" },
        { "[bureau \" X\"]\nemployee_token_file = /x\n", 1, "begins or ends with a space" },
        { "[client]\nbureau = X\n", 1, "write [client ORGNR] with nine digits" },
        { "[client \"974760673\"]\nbureau = X\n", 1, "without quotes" },
        { "[client 974760674]\nbureau = X\n", 1,
          "[client]: organisation number 974760674 has a wrong" },
        { "[client 974 760 673]\nbureau = X\n", 1, "is not nine digits" },
    };
    CHECK_CASES(state, CASES);
}

static void refuses_what_does_not_fit_together(void **state)
{
    static const struct fault_case CASES[] = {
        { "[bureau \"X\"]\n", 1, "the bureau \"X\" has no employee_token_file; add it" },
        { "[client 974760673]\nname = X\n", 1, "neither a bureau nor an employee_token_file" },
        { "[client 974760673]\nbureau = X\norg_nr =\n", 1, "and its org_nr is empty" },
        { "[bureau \"X\"]\nemployee_token_file = /x\norg_nr =\n[client 974760673]\nbureau = X\n", 4,
          "and the bureau's org_nr is empty" },
        { "[bureau \"X\"]\nemployee_token_file = /x\n[bureau  \"X\"]\nemployee_token_file = /y\n",
          3, "the bureau \"X\" stands at " },
        { "[client 974760673]\nbureau = X\n[client  974760673]\nbureau = X\n", 3,
          "the client 974760673 stands at " },
    };
    CHECK_CASES(state, CASES);
}

#define LISTEN "listen = 127.0.0.1:9461\n"
#define URL "public_url = https://a.no/hook\n"
#define FILE_OF_SECRET "secret_file = /x\n"

static void wants_all_of_the_webhook_or_nothing(void **state)
{
    static const struct fault_case CASES[] = {
        { "[webhook]\n" LISTEN URL, 3, "[webhook] has listen but no secret_file; write the file" },
        { "[webhook]\n" LISTEN FILE_OF_SECRET, 3, "[webhook] has listen but no public_url; write" },
        { "[webhook]\n" URL FILE_OF_SECRET, 3,
          "[webhook] has public_url but no listen; write the" },
        { "[webhook]\nlisten =\n" URL FILE_OF_SECRET, 4, "or leave all three out" },
    };
    CHECK_CASES(state, CASES);
    conf_folder_put(((struct conf_folder *)*state)->file, "[webhook]\n" FILE_OF_SECRET);
    AUTO_FREE char *faults = conf_folder_read_faulty(*state);
    assert_int_equal(conf_folder_count_lines(faults), 2);
    settings_unref(conf_folder_read_good(*state, "[webhook]\n" LISTEN URL FILE_OF_SECRET));
    settings_unref(conf_folder_read_good(*state, "[webhook]\nlisten =\npublic_url =\n"));
}

static void refuses_one_port_for_two(void **state)
{
    static const struct fault_case CASES[] = {
        { "[webhook]\n" URL FILE_OF_SECRET "listen = 127.0.0.1:9460\n", 4, "give one of them" },
        { "[webhook]\nlisten = localhost:9460\n" URL FILE_OF_SECRET, 4, "which cannot be both" },
        { "[webhook]\n" URL FILE_OF_SECRET LISTEN "[status]\nlisten = 0.0.0.0:9461\n", 4,
          "[webhook] listens on 127.0.0.1:9461 and [status] on 0.0.0.0:9461" },
    };
    CHECK_CASES(state, CASES);
}

/* What is said of one address is not said of the other. */
static void tells_of_hooks_where_an_address_of_hooks_is_wrong(void **state)
{
    static const struct fault_case CASES[] = {
        { "[webhook]\npublic_url = http://a.no\n" LISTEN FILE_OF_SECRET, 2,
          "public_url: http:// to a.no would have events sent in the clear" },
        { "[webhook]\npublic_url = a.no\n" LISTEN FILE_OF_SECRET, 2,
          "for example https://saldod.example.no/hook" },
        { "[tripletex]\nbase_url = a.no\n", 2, "for example https://tripletex.no/v2" },
    };
    CHECK_CASES(state, CASES);
}

/* An empty org_nr is right where the token is the company's own, and where the client says
 * otherwise. */
static void accepts_empty_org_nr_with_another_token(void **state)
{
    settings_unref(
        conf_folder_read_good(*state, "[client 974760673]\nbureau = X\nemployee_token_file = /y\n"
                                      "org_nr =\n"));
    settings_unref(conf_folder_read_good(*state,
                                         "[bureau \"X\"]\nemployee_token_file = /x\norg_nr =\n"
                                         "[client 974760673]\nbureau = X\norg_nr = %ORGNR%\n"));
    settings_unref(conf_folder_read_good(*state, "[client 974760673]\nemployee_token_file = /y\n"));
}

static void refuses_names_that_are_too_long(void **state)
{
    char name[256];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    AUTO_FREE char *instance = mem_printf("[database]\ninstance = %.183s\n", name);
    settings_unref(conf_folder_read_good(*state, instance));
    AUTO_FREE char *bureau = mem_printf("[bureau \"%.41s\"]\nemployee_token_file = /x\n", name);
    conf_folder_put(((struct conf_folder *)*state)->file, bureau);
    AUTO_FREE char *faults = conf_folder_read_faulty(*state);
    assert_non_null(strstr(faults, "shorten it"));
}

static void tells_all_faults_in_order(void **state)
{
    conf_folder_put(((struct conf_folder *)*state)->file, "[database]\n"
                                                          "connections = 0\n"
                                                          "connections = 1\n"
                                                          "[schedule]\n"
                                                          "pull_interval = x\n"
                                                          " y = 1\n"
                                                          "[clint 1]\n"
                                                          "name = ignored with its section\n"
                                                          "[client 1]\n"
                                                          "nme = x\n");
    AUTO_FREE char *faults = conf_folder_read_faulty(*state);
    static const char *const PLACES[] = { ".conf:2: ", ".conf:3: ", ".conf:5: ",  ".conf:6: ",
                                          ".conf:7: ", ".conf:9: ", ".conf:10: ", ".conf:9: " };
    const char *rest = faults;
    for (size_t i = 0; i < ARRAY_LEN(PLACES); i++) {
        rest = strstr(rest, PLACES[i]);
        assert_non_null(rest);
        rest = strchr(rest, '\n');
    }
    assert_int_equal(conf_folder_count_lines(faults), ARRAY_LEN(PLACES));
}

static void stops_telling_after_200_faults(void **state)
{
    struct conf_folder *folder = *state;
    struct buf content;
    buf_init(&content, 65536);
    assert_int_equal(buf_append_text(&content, "[log]\n"), 0);
    for (int i = 0; i < 250; i++)
        assert_int_equal(buf_printf(&content, "key%d = 1\n", i), 0);
    AUTO_FREE char *text = buf_steal(&content);
    conf_folder_put(folder->file, text);
    AUTO_FREE char *faults = conf_folder_read_faulty(folder);
    assert_int_equal(conf_folder_count_lines(faults), 201);
    assert_non_null(strstr(faults, ".conf:201: "));
    assert_null(strstr(faults, "key200"));
    assert_non_null(strstr(faults, ": more than 200 faults; correct these first\n"));
}

/* A buffer that is too small holds whole lines only. */
static void cuts_faults_at_the_buffer(void **state)
{
    struct conf_folder *folder = *state;
    struct settings *settings = NULL;
    AUTO_BUF struct buf faults;
    conf_folder_put(folder->file,
                    "[log]\na = 1\nbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb = 1\nc = 1\n");
    buf_init(&faults, 100);
    assert_int_equal(settings_read(folder->file, &settings, &faults), -EINVAL);
    assert_non_null(strstr(buf_text(&faults), ".conf:2: "));
    assert_int_equal(conf_folder_count_lines(buf_text(&faults)), 1);
    buf_release(&faults);
    buf_init(&faults, 0);
    assert_int_equal(settings_read(folder->file, &settings, &faults), -EINVAL);
    assert_null(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_CONF_FOLDER(refuses_unknown_names),
        TEST_IN_CONF_FOLDER(refuses_bad_numbers),
        TEST_IN_CONF_FOLDER(refuses_bad_durations),
        TEST_IN_CONF_FOLDER(refuses_resources_that_nobody_knows),
        TEST_IN_CONF_FOLDER(refuses_bad_texts),
        TEST_IN_CONF_FOLDER(never_shows_what_may_be_secret),
        TEST_IN_CONF_FOLDER(refuses_bad_headers),
        TEST_IN_CONF_FOLDER(refuses_what_does_not_fit_together),
        TEST_IN_CONF_FOLDER(wants_all_of_the_webhook_or_nothing),
        TEST_IN_CONF_FOLDER(refuses_one_port_for_two),
        TEST_IN_CONF_FOLDER(tells_of_hooks_where_an_address_of_hooks_is_wrong),
        TEST_IN_CONF_FOLDER(accepts_empty_org_nr_with_another_token),
        TEST_IN_CONF_FOLDER(refuses_names_that_are_too_long),
        TEST_IN_CONF_FOLDER(tells_all_faults_in_order),
        TEST_IN_CONF_FOLDER(stops_telling_after_200_faults),
        TEST_IN_CONF_FOLDER(cuts_faults_at_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
