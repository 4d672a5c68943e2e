/*
 * page.h - one page of a list: its bytes in, COPY rows out.
 *
 * Checks what the API promises of pages: ids rise strictly over all pages where the list is sorted
 * by id, so that a page that repeats, overlaps or jumps back is seen. Rows of a page that failed
 * are dropped.
 */
#ifndef SALDOD_TRIPLETEX_PAGE_H
#define SALDOD_TRIPLETEX_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/cleanup.h"
#include "lib/json/list.h"

struct buf;
struct err;
struct page;
struct resource;

enum { PAGE_COPY_BYTES_MAX = 64 * 1024 * 1024 };

/* Looks at a row before it is taken, e.g. whether its date lies where it was asked for: 0 takes it,
 * PAGE_LEAVE_OUT leaves it out in silence, anything else ends the list with that error. May be
 * NULL. */
typedef json_row_fn page_check_fn;
enum { PAGE_LEAVE_OUT = 1 };

/* Borrows all until freed. */
struct page *page_new(const struct resource *resource, page_check_fn *check,
                      void *check_ctx) MUST_USE;

/* Ready for the next page; forgets unfinished rows. */
void page_begin(struct page *page);

/* As json_list_feed; additionally -EAGAIN where ids do not rise: the list moved, or repeats itself.
 */
int page_feed(struct page *page, const char *bytes, size_t len, struct err *err) MUST_USE;

/* The body has ended. On 0 page_copy() holds the rows of this page. */
int page_end(struct page *page, struct json_list_head *ret_head, struct err *err) MUST_USE;

/* Rows of this page that were taken; the others were left out. */
int64_t page_taken(const struct page *page) MUST_USE;

/* What goes to pg_copy; borrowed until page_begin. */
const struct buf *page_copy(const struct page *page) MUST_USE;

/* The rows alone, without header and trailer of the format: what a digest of our own is made of. */
const char *page_rows(const struct page *page, size_t *ret_len) MUST_USE;

void page_free(struct page *page); /* NULL is fine */

#endif
