-- The digests that speak of what is published now ($2, a JSON array); those that do not are forgotten, for a digest that
-- outlives its content could one day say "unchanged" of something else.
WITH known AS MATERIALIZED (
    SELECT r.f, r.t, coalesce(r.af, 0) AS af, coalesce(r.at, 0) AS at, coalesce(r.nf, 0) AS nf, coalesce(r.nt, 0) AS nt,
           r.d, r.r, coalesce(r.top, false) AS top, r.i * interval '1 millisecond' AS due_interval,
           sync.moment_of(r.c) AS confirmed_at, sync.moment_of(r.h) AS changed_at
      FROM pg_catalog.jsonb_to_recordset($2::jsonb)
           AS r (f date, t date, af integer, at integer, nf integer, nt integer, d text, r integer, top boolean, i bigint,
                 c bigint, h bigint)
), gone AS (
    DELETE FROM sync.range o
     WHERE o.client_id = $1::bigint
       AND NOT EXISTS (SELECT FROM known k
                        WHERE k.f = o.date_from AND k.t = o.date_to AND k.af = o.account_from AND k.at = o.account_to
                          AND k.nf = o.number_from AND k.nt = o.number_to)
)
INSERT INTO sync.range AS o (client_id, date_from, date_to, account_from, account_to, number_from, number_to, digest,
                             row_count, is_top, due_interval, confirmed_at, changed_at)
SELECT $1::bigint, k.f, k.t, k.af, k.at, k.nf, k.nt, k.d, k.r, k.top, k.due_interval, k.confirmed_at, k.changed_at
  FROM known k
ON CONFLICT (client_id, date_from, date_to, account_from, account_to, number_from, number_to) DO UPDATE
   SET digest = excluded.digest, row_count = excluded.row_count, is_top = excluded.is_top,
       due_interval = excluded.due_interval, confirmed_at = excluded.confirmed_at, changed_at = excluded.changed_at
 WHERE (o.digest, o.row_count, o.is_top, o.due_interval, o.confirmed_at, o.changed_at)
       IS DISTINCT FROM
       (excluded.digest, excluded.row_count, excluded.is_top, excluded.due_interval, excluded.confirmed_at, excluded.changed_at)
