-- A pull ended well: $2 next pull in ms.
UPDATE sync.client_state
   SET failures = 0, refused = false, no_access = false, reason = NULL, remedy = NULL,
       held_since = NULL, held_detail = NULL,
       last_success_at = pg_catalog.clock_timestamp(),
       next_pull_at = pg_catalog.clock_timestamp() + $2::bigint * interval '1 millisecond'
 WHERE client_id = $1
