/*
 * closegroup.h - postings that settle each other: closing them and opening them again.
 */
#ifndef SANDBOX_CLOSEGROUP_H
#define SANDBOX_CLOSEGROUP_H

#include <stdbool.h>
#include <stdint.h>

struct close_group;
struct company;
struct posting;

/* With `quietly` the versions of the postings do not move. */
struct close_group *closegroup_close(struct company *company, struct posting *const *postings,
                                     uint32_t n, int32_t day, bool quietly);
void closegroup_open(struct company *company, struct close_group *group, bool quietly);
void closegroup_leave(struct company *company, struct posting *posting);

#endif
