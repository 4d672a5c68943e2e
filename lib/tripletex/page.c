#include "lib/tripletex/page.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/pg/copy.h"
#include "lib/tripletex/resource.h"

struct page {
    const struct resource *resource;
    page_check_fn *check;
    void *check_ctx;
    struct json_list *list;
    struct copy copy;
    int64_t last_id;   /* of the pages that are finished */
    int64_t rising_id; /* of the row before, in the page in hand */
    int64_t taken;
};

static int64_t read_whole(const struct json_value *value)
{
    char digits[24];
    size_t len = value->len < sizeof(digits) - 1 ? value->len : sizeof(digits) - 1;
    memcpy(digits, value->text, len);
    digits[len] = '\0';
    return strtoll(digits, NULL, 10);
}

static int put_date(struct copy *copy, const struct json_value *value)
{
    int32_t day = 0;
    int ret = clock_parse_date(value->text, value->len, &day);
    return ret < 0 ? ret : copy_date(copy, day);
}

static int put_value(struct copy *copy, enum json_type type, const struct json_value *value)
{
    if (!value->text)
        return copy_null(copy);
    switch (type) {
    case JSON_ID:
        return copy_int8(copy, read_whole(value));
    case JSON_INT:
        return copy_int4(copy, (int32_t)read_whole(value));
    case JSON_MONEY:
        return copy_numeric(copy, value->text, value->len);
    case JSON_BOOL:
        return copy_bool(copy, value->text[0] == 't');
    case JSON_DATE:
        return put_date(copy, value);
    case JSON_TEXT:
    case JSON_NUMBER_TEXT:
    case JSON_ID_LIST:
        return copy_text(copy, value->text, value->len);
    }
    return -EINVAL;
}

static int check_rising(struct page *page, const struct json_value *values, struct err *err)
{
    if (page->resource->id_column < 0)
        return 0;
    int64_t id = read_whole(&values[page->resource->id_column]);
    int is_rising = id > page->rising_id || (page->resource->nested && id == page->rising_id);
    if (!is_rising) {
        err_set(err, EAGAIN, "the list repeats itself: id %" PRId64 " came after %" PRId64, id,
                page->rising_id);
        err_set_remedy(err, "Nothing to do: the list is read again from its beginning");
        return -EAGAIN;
    }
    page->rising_id = id;
    return 0;
}

static int value_failed(const struct page *page, int column, const struct json_value *values,
                        int ret, struct err *err)
{
    const char *path = page->resource->columns[column].path;
    const struct json_value *value = &values[column];
    AUTO_FREE char *id = strcmp(page->resource->columns[0].path, "id") == 0 && values[0].text
                             ? mem_printf(" of id %.*s", (int)values[0].len, values[0].text)
                             : mem_strdup("");
    if (ret == -EMSGSIZE)
        return err_set(err, EMSGSIZE, "a page holds more than %d MiB", PAGE_COPY_BYTES_MAX >> 20);
    err_set(err, -ret, "%s%s: \"%.*s\" cannot be carried exactly", path, id,
            (int)(value->len > 60 ? 60 : value->len), value->text ? value->text : "");
    err_set_remedy(err, "Correct the value in Tripletex, or report it with the request id");
    return ret;
}

static int take_row(void *ctx, const struct json_value *values, struct err *err)
{
    struct page *page = ctx;
    int ret = check_rising(page, values, err);
    if (ret == 0 && page->check)
        ret = page->check(page->check_ctx, values, err);
    if (ret != 0)
        return ret == PAGE_LEAVE_OUT ? 0 : ret;
    ret = copy_row(&page->copy, page->resource->columns_count);
    int i = 0;
    for (; ret == 0 && i < page->resource->columns_count; i++)
        ret = put_value(&page->copy, page->resource->columns[i].type, &values[i]);
    if (ret < 0) {
        copy_drop_row(&page->copy);
        return value_failed(page, i > 0 ? i - 1 : 0, values, ret, err);
    }
    page->taken++;
    return 0;
}

struct page *page_new(const struct resource *resource, page_check_fn *check, void *check_ctx)
{
    struct page *page = mem_new(1, sizeof(*page));
    page->resource = resource;
    page->check = check;
    page->check_ctx = check_ctx;
    page->last_id = INT64_MIN;
    copy_init(&page->copy, PAGE_COPY_BYTES_MAX);
    page_begin(page);
    return page;
}

void page_begin(struct page *page)
{
    json_list_free(page->list);
    const struct resource *resource = page->resource;
    page->list = resource->nested
                     ? json_list_new_nested(resource->columns, resource->columns_count,
                                            resource->nested, take_row, page)
                     : json_list_new(resource->columns, resource->columns_count, take_row, page);
    page->taken = 0;
    json_list_set_known(page->list, page->resource->known);
    copy_clear(&page->copy);
    page->rising_id = page->last_id;
}

int page_feed(struct page *page, const char *bytes, size_t len, struct err *err)
{
    return json_list_feed(page->list, bytes, len, err);
}

int page_end(struct page *page, struct json_list_head *ret_head, struct err *err)
{
    int ret = json_list_finish(page->list, ret_head, err);
    if (ret < 0)
        return ret;
    ret = copy_finish(&page->copy);
    if (ret < 0)
        return err_set(err, -ret, "a page holds more than %d MiB", PAGE_COPY_BYTES_MAX >> 20);
    page->last_id = page->rising_id;
    return 0;
}

int64_t page_taken(const struct page *page)
{
    return page->taken;
}

const struct buf *page_copy(const struct page *page)
{
    return &page->copy.bytes;
}

const char *page_rows(const struct page *page, size_t *ret_len)
{
    const struct buf *bytes = &page->copy.bytes;
    size_t around = COPY_HEADER_BYTES + COPY_TRAILER_BYTES;
    *ret_len = bytes->len_bytes > around ? bytes->len_bytes - around : 0;
    return buf_text(bytes) + COPY_HEADER_BYTES;
}

void page_free(struct page *page)
{
    if (!page)
        return;
    json_list_free(page->list);
    copy_release(&page->copy);
    free(page);
}
