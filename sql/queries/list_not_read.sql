-- A list, or a part of it, could not be had: $2 resource, $3 variant, $4 fault, $5 state. What is mirrored of it stands, with
-- its moment. A part that is split counts no longer.
INSERT INTO sync.list AS l (client_id, resource, variant, asked_at, fault, state)
SELECT c.client_id, $2, $3, pg_catalog.clock_timestamp(), $4, $5
  FROM bureau.client c
 WHERE c.client_id = $1::bigint
ON CONFLICT (client_id, resource, variant) DO UPDATE
   SET fault = excluded.fault, state = excluded.state, asked_at = excluded.asked_at,
       digest = CASE WHEN excluded.state = 'split' THEN NULL ELSE l.digest END
