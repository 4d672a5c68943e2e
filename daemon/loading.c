#include "daemon/loading.h"

#include <inttypes.h>
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/pool.h"
#include "daemon/pull.h"
#include "gen/sql_queries.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/pg/batch.h"

enum { LOADING_JSON_BYTES_MAX = 256 * 1024 };

struct loading {
    struct app *app;
    struct buf json; /* an array that is open; empty = nothing was noted */
    int is_saving;
};

struct loading *loading_new(struct app *app)
{
    struct loading *loading = mem_new(1, sizeof(*loading));
    loading->app = app;
    buf_init(&loading->json, LOADING_JSON_BYTES_MAX);
    return loading;
}

void loading_note(struct loading *loading, int64_t client_id, const struct pull_load *load)
{
    if (loading->is_saving)
        return;
    (void)!buf_printf(&loading->json, "%c{\"c\":%" PRId64 ",\"r\":%" PRId64 ",\"p\":%d}",
                      loading->json.len_bytes == 0 ? '[' : ',', client_id, load->rows,
                      load->percent); /* what is beyond the room is noted next time */
}

static void saved(void *ctx, const struct err *err)
{
    struct loading *loading = ctx;
    (void)err;
    loading->is_saving = 0;
}

void loading_save(struct loading *loading)
{
    if (loading->is_saving || loading->json.len_bytes == 0)
        return;
    if (buf_append_byte(&loading->json, ']') == 0) {
        const char *values[] = { buf_text(&loading->json) };
        struct pg_batch *batch = batch_new(BATCH_PLAIN);
        batch_add_query(batch, SQL_loading_save, 1, values, NULL);
        loading->is_saving = 1;
        pool_run(loading->app->pool, batch, saved, loading);
    }
    buf_clear(&loading->json);
}

void loading_free(struct loading *loading)
{
    if (!loading)
        return;
    buf_release(&loading->json);
    free(loading);
}
