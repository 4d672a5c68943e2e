UPDATE sync."order" SET taken_at = pg_catalog.clock_timestamp() WHERE order_id = ANY ($1::bigint[]) AND taken_at IS NULL
