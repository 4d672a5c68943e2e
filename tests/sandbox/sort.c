#include "tests/sandbox/sort.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/fail.h"
#include "tests/sandbox/mem.h"
#include "tests/sandbox/model.h"

#define KEYS_MAX 6

struct sort_key {
    struct model_path path;
    bool is_descending;
};

struct sort_order {
    struct sort_key key[KEYS_MAX];
    int n;
};

/* A row and where it stood: qsort is not stable by itself. */
struct sort_item {
    void *row;
    uint32_t place;
};

static bool sort_parse(const char *sorting, const struct model *model, struct sort_order *order,
                       struct fail *fail)
{
    order->n = 0;
    for (const char *at = sorting; *at && order->n < KEYS_MAX;) {
        struct sort_key *key = &order->key[order->n++];
        key->is_descending = *at == '-';
        at += *at == '-' || *at == '+' || *at == ' ';
        char name[100];
        int len = (int)strcspn(at, ",");
        snprintf(name, sizeof(name), "%.*s", len, at);
        if (name[0] == '#' || !model_path_find(model, name, &key->path))
            return fail_set(fail, 400, 11000, "sorting", "Illegal field in sorting: %s.%s",
                            model->name, name);
        at += len;
        at += *at == ',';
    }
    return true;
}

static int sort_compare(const void *left, const void *right, void *ctx)
{
    const struct sort_item *a = left, *b = right;
    const struct sort_order *order = ctx;
    for (int i = 0; i < order->n; i++) {
        struct value x = model_path_value(&order->key[i].path, a->row);
        struct value y = model_path_value(&order->key[i].path, b->row);
        int difference = model_value_compare(&x, &y);
        if (difference)
            return order->key[i].is_descending ? -difference : difference;
    }
    return a->place < b->place ? -1 : a->place > b->place;
}

bool sort_rows(struct vec *rows, const struct model *model, const char *sorting, struct fail *fail)
{
    struct sort_order order;
    if (!sorting || !*sorting)
        return true;
    if (!sort_parse(sorting, model, &order, fail))
        return false;
    struct sort_item *items = mem_zero(rows->n * sizeof(*items));
    for (uint32_t i = 0; i < rows->n; i++)
        items[i] = (struct sort_item){ rows->at[i], i };
    qsort_r(items, rows->n, sizeof(*items), sort_compare, &order);
    for (uint32_t i = 0; i < rows->n; i++)
        rows->at[i] = items[i].row;
    free(items);
    return true;
}
