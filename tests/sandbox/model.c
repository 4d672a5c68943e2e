#include "tests/sandbox/model.h"

#include <string.h>

#include "tests/sandbox/day.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"

const struct field *model_field(const struct model *model, const char *name, size_t len)
{
    for (size_t i = 0; i < model->n; i++) {
        const struct field *field = &model->fields[i];
        if (strlen(field->name) == len && memcmp(field->name, name, len) == 0)
            return field;
    }
    return NULL;
}

bool model_path_find(const struct model *model, const char *text, struct model_path *ret_path)
{
    struct model_path path = { .n = 0 };
    while (path.n < MODEL_PATH_DEPTH && model) {
        size_t len = strcspn(text, ".");
        const struct field *field = model_field(model, text, len);
        if (!field)
            return false;
        path.step[path.n++] = field;
        if (text[len] == '\0') {
            *ret_path = path;
            return true;
        }
        model = field->kind == FIELD_REF ? field->ref : NULL;
        text += len + 1;
    }
    return false;
}

static const char *model_at(const struct field *field, const void *row)
{
    return (const char *)row + field->offset;
}

const void *model_ref(const struct field *field, const void *row)
{
    return *(void *const *)(const void *)model_at(field, row);
}

static struct value model_int(int64_t number)
{
    return (struct value){ .kind = VALUE_INT, .number = number };
}

static struct value model_text(const char *text)
{
    return (struct value){ .kind = text ? VALUE_TEXT : VALUE_NULL, .text = text };
}

struct value model_value(const struct field *field, const void *row)
{
    const struct row *head = row;
    const void *at = model_at(field, row);
    switch (field->kind) {
    case FIELD_ID:
        return model_int(head->id);
    case FIELD_VERSION:
        return model_int(head->version);
    case FIELD_INT:
        return model_int(*(const int32_t *)at);
    case FIELD_EXTRA:
        return model_int(*(const bool *)at);
    case FIELD_BOOL:
        return model_int(*(const bool *)at);
    case FIELD_LONG:
        return model_int(*(const int64_t *)at);
    case FIELD_TEXT:
        return model_text(*(char *const *)at);
    case FIELD_ENUM:
        return model_text(field->names[*(const uint8_t *)at]);
    case FIELD_MONEY:
        return (struct value){ .kind = VALUE_MONEY, .money = *(const money_t *)at };
    case FIELD_DAY:
        if (*(const int32_t *)at == DAY_NONE)
            return (struct value){ .kind = VALUE_NULL };
        return model_int(*(const int32_t *)at);
    case FIELD_REF:
        head = model_ref(field, row);
        return head ? model_int(head->id) : (struct value){ .kind = VALUE_NULL };
    default:
        return (struct value){ .kind = VALUE_NULL };
    }
}

struct value model_path_value(const struct model_path *path, const void *row)
{
    for (int i = 0; i + 1 < path->n && row; i++)
        row = model_ref(path->step[i], row);
    return row ? model_value(path->step[path->n - 1], row) : (struct value){ .kind = VALUE_NULL };
}

int model_value_compare(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    switch (a->kind) {
    case VALUE_INT:
        return a->number < b->number ? -1 : a->number > b->number;
    case VALUE_MONEY:
        return a->money < b->money ? -1 : a->money > b->money;
    case VALUE_TEXT:
        return strcmp(a->text, b->text);
    default:
        return 0;
    }
}

void model_write_url(struct out *out, const struct model *model, const void *row)
{
    const struct row *head = row;
    out_raw(out, "\"tripletex.invalid/v2");
    out_raw(out, model->path);
    out_bytes(out, "/", 1);
    out_int(out, head->id);
    out_bytes(out, "\"", 1);
}
