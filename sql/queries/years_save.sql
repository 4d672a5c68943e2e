-- The horizon of a client: $2 is a JSON array of {y, f, t}. A year whose days changed is loaded anew; its months are others.
WITH horizon AS (
    SELECT h.y, h.f, h.t
      FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS h (y integer, f date, t date)
), gone AS (
    DELETE FROM mirror.year y
     WHERE y.client_id = $1
       AND NOT EXISTS (SELECT FROM horizon WHERE horizon.y = y.year)
), moved AS (
    DELETE FROM mirror.saldo o
     USING mirror.year y, horizon
     WHERE y.client_id = $1 AND y.year = horizon.y AND (y.start_date, y.next_start_date) <> (horizon.f, horizon.t)
       AND o.client_id = $1 AND o.year = y.year
)
INSERT INTO mirror.year AS y (client_id, year, start_date, next_start_date)
SELECT $1::bigint, horizon.y, horizon.f, horizon.t
  FROM horizon
ON CONFLICT (client_id, year) DO UPDATE
   SET start_date = excluded.start_date, next_start_date = excluded.next_start_date, complete = false
 WHERE (y.start_date, y.next_start_date) IS DISTINCT FROM (excluded.start_date, excluded.next_start_date)
