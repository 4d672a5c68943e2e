/*
 * setup.h - a world from a file, and the parts of one as control calls give them.
 */
#ifndef SANDBOX_SETUP_H
#define SANDBOX_SETUP_H

#include <jansson.h>
#include <stdbool.h>

struct fail;
struct world;

bool setup_world(struct world *world, const json_t *spec, struct fail *fail);
bool setup_file(struct world *world, const char *file, struct fail *fail);
bool setup_company(struct world *world, const json_t *spec, struct fail *fail);

/* Adds a token or changes the one there is. */
bool setup_token(struct world *world, const json_t *spec, struct fail *fail);

#endif
