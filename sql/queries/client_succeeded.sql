-- A pull ended well: $2 next pull in ms, $3 whether all that is due was seen (a year of a first load alone says nothing of
-- what is held back elsewhere).
UPDATE sync.client_state
   SET failures = 0, refused = false, no_access = false,
       reason = CASE WHEN $3::boolean OR held_since IS NULL THEN NULL ELSE reason END,
       remedy = CASE WHEN $3::boolean OR held_since IS NULL THEN NULL ELSE remedy END,
       held_since = CASE WHEN $3::boolean THEN NULL ELSE held_since END,
       held_detail = CASE WHEN $3::boolean THEN NULL ELSE held_detail END,
       last_success_at = pg_catalog.clock_timestamp(),
       next_pull_at = pg_catalog.clock_timestamp() + $2::bigint * interval '1 millisecond'
 WHERE client_id = $1
