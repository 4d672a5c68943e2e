/* Deliveries and headers that anybody can send: bodies, addresses, languages. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/status_page.h"
#include "daemon/webhook_delivery.h"
#include "lib/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct webhook_delivery delivery;
    char org_nr[WEBHOOK_ORG_NR_BYTES];
    AUTO_FREE char *text = mem_new(size + 1, 1);
    memcpy(text, data, size);
    if (webhook_delivery_parse(text, size, &delivery) == 0 &&
        strlen(delivery.event) >= WEBHOOK_EVENT_BYTES)
        abort();
    if (webhook_delivery_client("secret", text, org_nr) == 0)
        abort(); /* nobody guesses a mark */
    if (webhook_delivery_is_genuine("secret", text, "key", text, size))
        abort();
    const char *language = status_page_language(NULL, text);
    return strcmp(language, "nb") == 0 || strcmp(language, "en") == 0 ? 0 : (abort(), 0);
}
