/*
 * sort.h - the `sorting` parameter: "date,-voucher.number". Equal rows keep the order they had.
 */
#ifndef SANDBOX_SORT_H
#define SANDBOX_SORT_H

#include <stdbool.h>

struct fail;
struct model;
struct vec;

bool sort_rows(struct vec *rows, const struct model *model, const char *sorting, struct fail *fail);

#endif
