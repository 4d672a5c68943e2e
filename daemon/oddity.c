#include "daemon/oddity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/fetch.h"
#include "daemon/registry.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/tripletex/resource.h"

enum { ODDITIES_MAX = 128, ODDITY_BYTES = JSON_NOTE_BYTES + 32 };

struct oddities {
    int count;
    char *told[ODDITIES_MAX]; /* "posting type = NEW" */
};

/* 1 where it was not told before. */
static int remember(struct client *client, const struct resource *resource, const char *what)
{
    char text[ODDITY_BYTES];
    (void)snprintf(text, sizeof(text), "%s %s", resource->name, what);
    if (!client->oddities)
        client->oddities = mem_new(1, sizeof(*client->oddities));
    struct oddities *oddities = client->oddities;
    for (int i = 0; i < oddities->count; i++) {
        if (strcmp(oddities->told[i], text) == 0)
            return 0;
    }
    if (oddities->count == ODDITIES_MAX)
        return 0;
    oddities->told[oddities->count++] = mem_strdup(text);
    return 1;
}

static void tell_note(struct app *app, struct client *client, const struct resource *resource,
                      const char *note)
{
    const struct log_subject subject = { .client = client->org_nr, .resource = resource->name };
    if (!remember(client, resource, note))
        return;
    if (strstr(note, " = "))
        log_notice(app->log, &subject,
                   "Tripletex gives a value that its specification did not have; it is mirrored as "
                   "it is: %s",
                   note);
    else
        log_notice(app->log, &subject, "Tripletex gives a field that is not mirrored: %s", note);
}

void oddity_tell(struct app *app, struct client *client, const struct resource *resource,
                 const struct fetch_result *result)
{
    const struct log_subject subject = { .client = client->org_nr, .resource = resource->name };
    for (int i = 0; i < result->notes->count; i++)
        tell_note(app, client, resource, result->notes->texts[i]);
    if (result->was_nul_replaced && remember(client, resource, "U+0000"))
        log_notice(app->log, &subject,
                   "A text holds U+0000, which PostgreSQL cannot store; "
                   "it is mirrored as U+FFFD");
}

void oddities_free(struct oddities *oddities)
{
    for (int i = 0; oddities && i < oddities->count; i++)
        free(oddities->told[i]);
    free(oddities);
}
