/*
 * digest.h - the checksum of a list: over the rows' own values, never over what they refer to.
 */
#ifndef SANDBOX_DIGEST_H
#define SANDBOX_DIGEST_H

#include <stdint.h>

struct model;
struct query;

#define DIGEST_TEXT_MAX 40

struct digest {
    uint64_t a, b;
};

void digest_init(struct digest *digest);
void digest_text(struct digest *digest, const char *text);           /* NULL is a value too */
void digest_query(struct digest *digest, const struct query *query); /* but from and count */
void digest_row(struct digest *digest, const struct model *model, const void *row,
                const char *left_out); /* the name of a field that does not count, or NULL */
void digest_format(const struct digest *digest, char out[DIGEST_TEXT_MAX]);

#endif
