-- A list was asked and is mirrored as it is: $2 resource, $3 variant, $4 digest, $5 when the request was sent
-- (microseconds). A fault of the list as a whole is over.
WITH whole AS (
    DELETE FROM sync.list l
     WHERE l.client_id = $1::bigint AND l.resource = $2 AND l.variant = '' AND $3 <> ''
)
INSERT INTO sync.list AS l (client_id, resource, variant, digest, confirmed_at, asked_at, fault)
VALUES ($1::bigint, $2, $3, $4, sync.moment_of($5::bigint), pg_catalog.clock_timestamp(), NULL)
ON CONFLICT (client_id, resource, variant) DO UPDATE
   SET digest = excluded.digest, confirmed_at = excluded.confirmed_at, asked_at = excluded.asked_at, fault = NULL, state = 'read'
