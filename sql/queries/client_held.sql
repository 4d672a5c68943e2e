-- A mass disappearance is held back: $2 reason, $3 remedy, $4 what would vanish, $5 next pull in ms.
-- $6 token, $7 epoch: an owner of earlier says nothing any more.
UPDATE sync.client_state
   SET held_since = coalesce(held_since, pg_catalog.clock_timestamp()), held_detail = $4::jsonb, reason = $2, remedy = $3,
       failures = 0,
       next_pull_at = pg_catalog.clock_timestamp() + $5::bigint * interval '1 millisecond'
 WHERE client_id = $1
   AND EXISTS (SELECT FROM sync.owner o WHERE o.token_id = $6 AND o.epoch = $7::bigint)
