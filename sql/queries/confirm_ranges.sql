-- Nothing changed: only the moments move, and intervals that were set otherwise ($2, a JSON array of {f, t, c, i}, with
-- af, at, nf, nt where a day is cut).
UPDATE sync.range o
   SET confirmed_at = sync.moment_of(k.c), due_interval = k.i * interval '1 millisecond'
  FROM pg_catalog.jsonb_to_recordset($2::jsonb)
       AS k (f date, t date, af integer, at integer, nf integer, nt integer, c bigint, i bigint)
 WHERE o.client_id = $1::bigint AND o.date_from = k.f AND o.date_to = k.t
   AND o.account_from = coalesce(k.af, 0) AND o.account_to = coalesce(k.at, 0)
   AND o.number_from = coalesce(k.nf, 0) AND o.number_to = coalesce(k.nt, 0)
   AND (o.confirmed_at, o.due_interval)
       IS DISTINCT FROM (sync.moment_of(k.c), k.i * interval '1 millisecond')
