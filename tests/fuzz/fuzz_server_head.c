/* Request heads as anybody can send them: parsed or refused, and what is parsed can be asked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/mem.h"
#include "lib/server/server_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server_head head;
    char value[64];
    AUTO_FREE char *text = mem_new(size + 1, 1);
    memcpy(text, data, size);
    size_t len = server_head_length(text, size);
    if (len > size)
        abort();
    int status = server_head_parse(text, len > 0 ? len : size, &head);
    if (status != 0)
        return 0;
    if (head.path[0] != '/' || head.body_bytes < 0)
        abort();
    (void)server_head_find(&head, "Host");
    (void)!server_head_param(&head, "lang", value, sizeof(value));
    return 0;
}
