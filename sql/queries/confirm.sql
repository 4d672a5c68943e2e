-- Nothing changed: only the moments move, intervals that were set otherwise ($4, a JSON array of {f, t, c, i}, with af, at, nf,
-- nt where a day is cut), and when the next pull is due ($5, in ms). One statement, since that is what an idle client costs. No
-- row where the client was removed, or the token ($2) has another owner than the one with our epoch ($3), as in publish_lock.
WITH locked AS MATERIALIZED (
    SELECT s.client_id
      FROM bureau.client c
      JOIN sync.client_state s ON s.client_id = c.client_id
      JOIN sync.owner o ON o.token_id = $2 AND o.epoch = $3::bigint
     WHERE c.client_id = $1::bigint
       FOR KEY SHARE OF c FOR UPDATE OF s FOR SHARE OF o
), moved AS (
    UPDATE sync.range o
       SET confirmed_at = sync.moment_of(k.c), due_interval = k.i * interval '1 millisecond'
      FROM pg_catalog.jsonb_to_recordset($4::jsonb)
           AS k (f date, t date, af integer, at integer, nf integer, nt integer, c bigint, i bigint)
     WHERE EXISTS (SELECT FROM locked)
       AND o.client_id = $1::bigint AND o.date_from = k.f AND o.date_to = k.t
       AND o.account_from = coalesce(k.af, 0) AND o.account_to = coalesce(k.at, 0)
       AND o.number_from = coalesce(k.nf, 0) AND o.number_to = coalesce(k.nt, 0)
       AND (o.confirmed_at, o.due_interval)
           IS DISTINCT FROM (sync.moment_of(k.c), k.i * interval '1 millisecond')
), released AS (
    DELETE FROM sync.held_posting h WHERE h.client_id = $1::bigint AND EXISTS (SELECT FROM locked)
)
UPDATE sync.client_state s
   SET failures = 0, refused = false, no_access = false, reason = NULL, remedy = NULL, held_since = NULL, held_detail = NULL,
       last_success_at = pg_catalog.clock_timestamp(),
       next_pull_at = pg_catalog.clock_timestamp() + $5::bigint * interval '1 millisecond'
 WHERE s.client_id = $1::bigint AND EXISTS (SELECT FROM locked)
RETURNING s.client_id
