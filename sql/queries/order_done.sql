-- What came of orders ($1, an array).
UPDATE sync."order"
   SET done_at = pg_catalog.clock_timestamp(), taken_at = coalesce(taken_at, pg_catalog.clock_timestamp()), outcome = $2
 WHERE order_id = ANY ($1::bigint[])
   AND done_at IS NULL
