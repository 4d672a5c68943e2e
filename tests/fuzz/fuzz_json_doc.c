/*
 * Fuzzer of lib/json/doc.h: any bytes are a document or a named error; texts of a document survive
 * being written and read again.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/json/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int is_true)
{
    if (!is_true)
        abort();
}

/* {"text": ...} with the text in it, and back. */
static void round_trip(const char *text)
{
    AUTO_BUF struct buf out;
    const char *again = NULL;
    buf_init(&out, 6 * (size_t)JSON_DOC_BYTES_MAX + 64);
    must(buf_append_text(&out, "{\"text\":") == 0);
    must(json_append_string(&out, text) == 0);
    must(buf_append_byte(&out, '}') == 0);
    if (out.len_bytes > JSON_DOC_BYTES_MAX)
        return;
    AUTO_JSON_DOC struct json_doc *doc = json_doc_parse(buf_text(&out), out.len_bytes, NULL);
    must(doc && json_doc_get_text(doc, "text", &again, NULL) == 0 && strcmp(again, text) == 0);
}

static void get_all(const struct json_doc *doc)
{
    static const char *const PATHS[] = {
        "value", "value.token", "value.company.id", "message", "value.company.name", "code",
        "",      "..",          "a.b.c.d"
    };
    for (size_t i = 0; i < ARRAY_LEN(PATHS); i++) {
        const char *text = NULL;
        int64_t value = 0;
        struct err err = ERR_NONE;
        int text_rc = json_doc_get_text(doc, PATHS[i], &text, &err);
        must((text_rc == 0) == (text != NULL) && (text_rc == 0 || err.code == -text_rc));
        int int_rc = json_doc_get_int(doc, PATHS[i], &value, &err);
        must(text_rc != 0 || int_rc == -EPROTO);
        if (text)
            round_trip(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_NONE;
    struct json_doc *doc = json_doc_parse((const char *)data, size, &err);
    must((doc == NULL) == (err.code != 0));
    if (!doc)
        return 0;
    get_all(doc);
    int count = json_doc_count(doc, "validationMessages");
    for (int i = -1; i <= count && i < 100; i++) {
        const char *text = json_doc_item_text(doc, "validationMessages", i, "message");
        must(!text || (i >= 0 && i < count));
    }
    json_doc_free_secret(doc);
    return 0;
}
