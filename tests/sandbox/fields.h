/*
 * fields.h - the `fields` parameter: which fields of a row are written, and how deep.
 *
 * Grammar: list = item {"," item}; item = "*" | name ["(" list ")"]. A field that the model does
 * not have is refused. An empty text means "*". A later mention of a field replaces an earlier one.
 */
#ifndef SANDBOX_FIELDS_H
#define SANDBOX_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

struct fail;
struct field;
struct model;
struct out;

struct fields {
    struct field_pick *pick;
    uint32_t n;
};

bool fields_parse(const char *text, const struct model *model, struct fields *ret_fields,
                  struct fail *fail);
void fields_write(const struct fields *fields, const struct model *model, const void *row,
                  struct out *out);
void fields_release(struct fields *fields);

#endif
