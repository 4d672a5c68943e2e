/*
 * model_table.h - the words in which the model tables are written; for model_*.c only.
 */
#ifndef SANDBOX_MODEL_TABLE_H
#define SANDBOX_MODEL_TABLE_H

#include "tests/sandbox/model.h"

#define AT(type, json, as, member)                                                                 \
    {                                                                                              \
        json, as, offsetof(struct type, member), NULL, NULL, NULL                                  \
    }
#define REF(type, json, member, model)                                                             \
    {                                                                                              \
        json, FIELD_REF, offsetof(struct type, member), &(model), NULL, NULL                       \
    }
#define ROWS(type, json, member, model)                                                            \
    {                                                                                              \
        json, FIELD_ROWS, offsetof(struct type, member), &(model), NULL, NULL                      \
    }
#define ENUM(type, json, member, list)                                                             \
    {                                                                                              \
        json, FIELD_ENUM, offsetof(struct type, member), NULL, list, NULL                          \
    }
#define CALL(json, function)                                                                       \
    {                                                                                              \
        json, FIELD_CALL, 0, NULL, NULL, function                                                  \
    }
#define NONE(json)                                                                                 \
    {                                                                                              \
        json, FIELD_NULL, 0, NULL, NULL, NULL                                                      \
    }
#define NO_OBJECT(json, model)                                                                     \
    {                                                                                              \
        json, FIELD_NULL, 0, &(model), NULL, NULL                                                  \
    }
#define NO_ROWS(json, model)                                                                       \
    {                                                                                              \
        json, FIELD_NO_ROWS, 0, &(model), NULL, NULL                                               \
    }
#define HEAD                                                                                       \
    { "id", FIELD_ID, 0, NULL, NULL, NULL }, { "version", FIELD_VERSION, 0, NULL, NULL, NULL },    \
        NO_ROWS("changes", MODEL_CHANGE),                                                          \
    {                                                                                              \
        "url", FIELD_URL, 0, NULL, NULL, NULL                                                      \
    }
#define MODEL(json, where, table)                                                                  \
    {                                                                                              \
        json, where, table, sizeof(table) / sizeof(*(table))                                       \
    }

#endif
