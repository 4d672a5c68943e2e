/*
 * What must fit together in a configuration that was read option by option: once all files are in,
 * and whatever the order they came in.
 */
#include <string.h>

#include "daemon/address.h"
#include "daemon/settings_internal.h"
#include "lib/base/clock.h"
#include "lib/base/mem.h"

static void check_session(const struct settings *settings, const struct settings_place *place,
                          struct settings_faults *faults)
{
    if (settings->renew_before_ms >= settings->lifetime_days * CLOCK_MS_PER_DAY)
        settings_faults_add(
            faults, place->file ? place->file : settings->file, place->line,
            "renew_before is not shorter than lifetime_days (%d days), so sessions would be "
            "renewed all the time; make it shorter",
            settings->lifetime_days);
}

static int compare_places(const char *a_file, int a_line, const char *b_file, int b_line)
{
    int order = strcmp(a_file, b_file);
    return order ? order : (a_line > b_line) - (a_line < b_line);
}

/* Drop-ins are read by name, after the file whose path theirs begins with: this is the order of
 * reading. */
static int compare_bureaus(const void *left, const void *right)
{
    const struct settings_bureau *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : compare_places(a->file, a->line, b->file, b->line);
}

static int compare_clients(const void *left, const void *right)
{
    const struct settings_client *a = left, *b = right;
    int order = strcmp(a->org_nr, b->org_nr);
    return order ? order : compare_places(a->file, a->line, b->file, b->line);
}

static void check_bureau(const struct settings *settings, size_t i, struct settings_faults *faults)
{
    const struct settings_bureau *bureau = &settings->bureaus[i];
    const struct settings_bureau *before = i > 0 ? bureau - 1 : NULL;
    if (before && strcmp(before->name, bureau->name) == 0)
        settings_faults_add(faults, bureau->file, bureau->line,
                            "the bureau \"%s\" stands at %s:%d already; remove one of the two",
                            bureau->name, before->file, before->line);
    if (!bureau->employee_token_file)
        settings_faults_add(faults, bureau->file, bureau->line,
                            "the bureau \"%s\" has no employee_token_file; add it", bureau->name);
}

static const struct settings_bureau *find_bureau(const struct settings *settings, const char *name)
{
    size_t low = 0, high = settings->bureaus_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(settings->bureaus[middle].name, name);
        if (order == 0)
            return &settings->bureaus[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* An empty org_nr means the token's own company, which exists for tokens of companies only: with a
 * bureau's token Tripletex would refuse every call. */
static void check_client_company(const struct settings *settings,
                                 const struct settings_client *client,
                                 struct settings_faults *faults)
{
    const struct settings_bureau *bureau = find_bureau(settings, client->bureau);
    const char *setting = client->org_nr_setting;
    if (!setting && bureau)
        setting = bureau->org_nr;
    if (client->employee_token_file || !setting || setting[0])
        return;
    settings_faults_add(
        faults, client->file, client->line,
        "the client %s is read with the token of the bureau \"%s\" and %s org_nr is empty, but a "
        "bureau's token has no company of its own; write org_nr = %%ORGNR%%, or give the client "
        "an employee_token_file",
        client->org_nr, client->bureau, client->org_nr_setting ? "its" : "the bureau's");
}

static void check_client(const struct settings *settings, size_t i, struct settings_faults *faults)
{
    const struct settings_client *client = &settings->clients[i];
    const struct settings_client *before = i > 0 ? client - 1 : NULL;
    if (before && strcmp(before->org_nr, client->org_nr) == 0)
        settings_faults_add(faults, client->file, client->line,
                            "the client %s stands at %s:%d already; remove one of the two",
                            client->org_nr, before->file, before->line);
    if (client->bureau)
        check_client_company(settings, client, faults);
    else if (!client->employee_token_file)
        settings_faults_add(
            faults, client->file, client->line,
            "the client %s has neither a bureau nor an employee_token_file; add bureau = NAME, or "
            "the token of the company",
            client->org_nr);
}

/* All three options of [webhook], or none: a forgotten one would switch it off in silence. */
static void check_webhook_is_whole(const struct settings *settings,
                                   const struct settings_place *place,
                                   struct settings_faults *faults)
{
    const struct {
        const char *value, *name, *remedy;
    } parts[] = {
        { settings->webhook_listen, "listen", "the HOST:PORT where events come in" },
        { settings->webhook_public_url, "public_url", "the address at which Tripletex reaches it" },
        { settings->webhook_secret_file, "secret_file", "the file that the secret lies in" },
    };
    const char *given = NULL;
    for (size_t i = 0; i < ARRAY_LEN(parts) && !given; i++)
        given = parts[i].value && *parts[i].value ? parts[i].name : NULL;
    for (size_t i = 0; i < ARRAY_LEN(parts) && given; i++) {
        if (!parts[i].value || !*parts[i].value)
            settings_faults_add(faults, place->file, place->line,
                                "[webhook] has %s but no %s; write %s, or leave all three out",
                                given, parts[i].name, parts[i].remedy);
    }
}

static void check_webhook(const struct settings *settings, const struct settings_place *place,
                          struct settings_faults *faults)
{
    if (!place->file)
        return;
    check_webhook_is_whole(settings, place, faults);
    if (address_is_same_listen(settings->webhook_listen, settings->status_listen))
        settings_faults_add(faults, place->file, place->line,
                            "[webhook] listens on %s and [status] on %s, which cannot be both; "
                            "give one of them another port",
                            settings->webhook_listen, settings->status_listen);
}

void settings_check(struct settings *settings, const struct settings_place *places,
                    struct settings_faults *faults)
{
    if (settings->bureaus_count > 1)
        qsort(settings->bureaus, settings->bureaus_count, sizeof(*settings->bureaus),
              compare_bureaus);
    if (settings->clients_count > 1)
        qsort(settings->clients, settings->clients_count, sizeof(*settings->clients),
              compare_clients);
    check_session(settings, &places[SETTINGS_IN_SESSION], faults);
    check_webhook(settings, &places[SETTINGS_IN_WEBHOOK], faults);
    if (!settings->instance[0])
        settings_faults_add(faults, settings->file, 0,
                            "this machine has no host name; write instance = NAME in [database]");
    for (size_t i = 0; i < settings->bureaus_count; i++)
        check_bureau(settings, i, faults);
    for (size_t i = 0; i < settings->clients_count; i++)
        check_client(settings, i, faults);
}
