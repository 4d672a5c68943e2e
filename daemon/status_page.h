/*
 * status_page.h - the page itself: one file, embedded at build, in the language of its reader.
 *
 * Pure but for the file: chooses the language, puts it into the first tag, and says in the
 * Content-Security-Policy which script and which style it is, by their digests.
 */
#ifndef SALDOD_DAEMON_STATUS_PAGE_H
#define SALDOD_DAEMON_STATUS_PAGE_H

#include "lib/base/cleanup.h"

struct server_call;
struct status_page;

/* "nb" or "en": what was asked for (?lang=), else what Accept-Language (RFC 9110, section 12.5.4)
 * likes best. nb, nn, no, da and sv are served Norwegian, everything else English. Both may be
 * NULL. */
const char *status_page_language(const char *asked, const char *accept_language) MUST_USE;

struct status_page *status_page_new(void) MUST_USE;

/* The header lines that bind the page to its own script and style; borrowed. */
const char *status_page_policy(const struct status_page *page) MUST_USE;

void status_page_answer(const struct status_page *page, struct server_call *call);
void status_page_free(struct status_page *page); /* NULL is fine */

#endif
