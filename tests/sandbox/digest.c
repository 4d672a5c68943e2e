#include "tests/sandbox/digest.h"

#include <stdio.h>
#include <string.h>

#include "tests/sandbox/model.h"
#include "tests/sandbox/params.h"
#include "tests/sandbox/rng.h"

void digest_init(struct digest *digest)
{
    *digest = (struct digest){ 0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL };
}

static void digest_number(struct digest *digest, uint64_t number)
{
    digest->a = rng_mix(digest->a ^ number) + 0x9e3779b97f4a7c15ULL;
    digest->b = (digest->b ^ digest->a) * 0x100000001b3ULL + number;
}

void digest_text(struct digest *digest, const char *text)
{
    if (!text) {
        digest_number(digest, 0x6e756c6c);
        return;
    }
    size_t len = strlen(text);
    for (size_t at = 0; at < len; at += 8) {
        uint64_t word = 0;
        memcpy(&word, text + at, len - at < 8 ? len - at : 8);
        digest_number(digest, word);
    }
    digest_number(digest, len);
}

void digest_query(struct digest *digest, const struct query *query)
{
    digest_text(digest, query->endpoint->path);
    for (int i = 0; query->endpoint->params[i].name; i++) {
        const char *name = query->endpoint->params[i].name;
        if (strcmp(name, "from") == 0 || strcmp(name, "count") == 0)
            continue;
        digest_text(digest, query->text[i]);
    }
}

static void digest_value(struct digest *digest, const struct value *value)
{
    switch (value->kind) {
    case VALUE_INT:
        digest_number(digest, (uint64_t)value->number);
        break;
    case VALUE_MONEY:
        digest_number(digest, (uint64_t)value->money);
        digest_number(digest, (uint64_t)(value->money >> 64));
        break;
    case VALUE_TEXT:
        digest_text(digest, value->text);
        break;
    default:
        digest_number(digest, 0x6e6f6e65);
    }
}

void digest_row(struct digest *digest, const struct model *model, const void *row,
                const char *left_out)
{
    for (size_t i = 0; i < model->n; i++) {
        const struct field *field = &model->fields[i];
        bool counts = field->kind <= FIELD_REF && field->kind != FIELD_URL &&
                      !(left_out && strcmp(field->name, left_out) == 0);
        if (!counts)
            continue;
        struct value value = model_value(field, row);
        digest_value(digest, &value);
    }
}

void digest_format(const struct digest *digest, char out[DIGEST_TEXT_MAX])
{
    snprintf(out, DIGEST_TEXT_MAX, "%016llx%016llx", (unsigned long long)digest->a,
             (unsigned long long)rng_mix(digest->b));
}
