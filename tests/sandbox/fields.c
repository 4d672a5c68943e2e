#include "tests/sandbox/fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/fail.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/out.h"
#include "tests/sandbox/rows.h"

#define DEPTH_MAX 8
#define BAD_FIELDS 11000

struct field_pick {
    const struct field *field;
    bool is_nested;
    struct fields inside;
};

void fields_release(struct fields *fields)
{
    for (uint32_t i = 0; i < fields->n; i++)
        fields_release(&fields->pick[i].inside);
    free(fields->pick);
    *fields = (struct fields){ 0 };
}

static struct field_pick *fields_pick(struct fields *fields, const struct field *field)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        if (fields->pick[i].field == field)
            return &fields->pick[i];
    }
    fields->pick = mem_resize(fields->pick, (fields->n + 1) * sizeof(*fields->pick));
    fields->pick[fields->n] = (struct field_pick){ .field = field };
    return &fields->pick[fields->n++];
}

static void fields_pick_all(struct fields *fields, const struct model *model)
{
    for (size_t i = 0; i < model->n; i++) {
        if (model->fields[i].name[0] != '#')
            fields_pick(fields, &model->fields[i]);
    }
}

static bool fields_list(const char **at, const struct model *model, int depth,
                        struct fields *fields, struct fail *fail);

static bool fields_nested(const char **at, struct field_pick *pick, int depth, struct fail *fail)
{
    const struct field *field = pick->field;
    if (!field->ref)
        return fail_set(fail, 400, BAD_FIELDS, "fields", "%s has no fields of its own",
                        field->name);
    if (depth >= DEPTH_MAX)
        return fail_set(fail, 400, BAD_FIELDS, "fields", "fields are nested deeper than %d",
                        DEPTH_MAX);
    (*at)++;
    fields_release(&pick->inside);
    pick->is_nested = true;
    struct fields inside = { 0 };
    bool ok = fields_list(at, field->ref, depth + 1, &inside, fail);
    pick->inside = inside;
    if (ok && **at != ')')
        return fail_set(fail, 400, BAD_FIELDS, "fields", "')' is missing after %s(", field->name);
    (*at)++;
    return ok;
}

static bool fields_item(const char **at, const struct model *model, int depth,
                        struct fields *fields, struct fail *fail)
{
    if (**at == '*') {
        fields_pick_all(fields, model);
        (*at)++;
        return true;
    }
    size_t len = 0;
    while (isalnum((unsigned char)(*at)[len]))
        len++;
    if (len == 0)
        return fail_set(fail, 400, BAD_FIELDS, "fields", "a field name is missing at '%.20s'", *at);
    const struct field *field = model_field(model, *at, len);
    if (!field)
        return fail_set(fail, 400, BAD_FIELDS, "fields",
                        "Illegal field in fields filter: %.*s is not a field of %s",
                        (int)(len > 60 ? 60 : len), *at, model->name);
    *at += len;
    struct field_pick *pick = fields_pick(fields, field);
    return **at == '(' ? fields_nested(at, pick, depth, fail) : true;
}

static bool fields_list(const char **at, const struct model *model, int depth,
                        struct fields *fields, struct fail *fail)
{
    for (;;) {
        if (!fields_item(at, model, depth, fields, fail))
            return false;
        if (**at != ',')
            return true;
        (*at)++;
    }
}

bool fields_parse(const char *text, const struct model *model, struct fields *ret_fields,
                  struct fail *fail)
{
    struct fields fields = { 0 };
    const char *at = text && *text ? text : "*";
    bool ok = fields_list(&at, model, 0, &fields, fail);
    if (ok && *at != '\0')
        ok = fail_set(fail, 400, BAD_FIELDS, "fields", "unexpected '%.20s'", at);
    if (ok)
        *ret_fields = fields;
    else
        fields_release(&fields);
    return ok;
}

/* A referenced row without a selection of its own is only named. */
static void fields_write_inner(const struct field_pick *pick, const void *row, struct out *out)
{
    if (!row) {
        out_raw(out, "null");
    } else if (pick->is_nested) {
        fields_write(&pick->inside, pick->field->ref, row, out);
    } else {
        out_raw(out, "{\"id\":");
        out_int(out, ((const struct row *)row)->id);
        out_raw(out, ",\"url\":");
        model_write_url(out, pick->field->ref, row);
        out_raw(out, "}");
    }
}

static void fields_write_rows(const struct field_pick *pick, const void *row, struct out *out)
{
    const struct vec *rows = (const void *)((const char *)row + pick->field->offset);
    out_raw(out, "[");
    for (uint32_t i = 0; i < rows->n; i++) {
        out_comma(out);
        fields_write_inner(pick, rows->at[i], out);
    }
    out_raw(out, "]");
}

static void fields_write_value(const struct field *field, const void *row, struct out *out)
{
    struct value value = model_value(field, row);
    if (value.kind == VALUE_NULL)
        out_raw(out, "null");
    else if (value.kind == VALUE_MONEY)
        out_money(out, value.money);
    else if (value.kind == VALUE_TEXT)
        out_text(out, value.text);
    else if (field->kind == FIELD_DAY)
        out_day(out, (int32_t)value.number);
    else if (field->kind == FIELD_BOOL)
        out_bool(out, value.number);
    else
        out_int(out, value.number);
}

void fields_write(const struct fields *fields, const struct model *model, const void *row,
                  struct out *out)
{
    out_raw(out, "{");
    for (uint32_t i = 0; i < fields->n; i++) {
        const struct field_pick *pick = &fields->pick[i];
        const struct field *field = pick->field;
        if (i > 0)
            out_bytes(out, ",", 1);
        out_bytes(out, "\"", 1);
        out_raw(out, field->name);
        out_bytes(out, "\":", 2);
        switch (field->kind) {
        case FIELD_URL:
            model_write_url(out, model, row);
            break;
        case FIELD_REF:
            fields_write_inner(pick, model_ref(field, row), out);
            break;
        case FIELD_ROWS:
            fields_write_rows(pick, row, out);
            break;
        case FIELD_NO_ROWS:
            out_raw(out, "[]");
            break;
        case FIELD_CALL:
            field->write(out, row);
            break;
        default:
            fields_write_value(field, row, out);
        }
    }
    out_raw(out, "}");
}
