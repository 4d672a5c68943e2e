-- A list, or a part of it, was asked and is mirrored as it is: $2 resource, $3 variant, $4 digest, $5 when the request was
-- sent (microseconds), $6 number of rows.
INSERT INTO sync.list AS l (client_id, resource, variant, digest, confirmed_at, asked_at, fault, state, row_count)
VALUES ($1::bigint, $2, $3, $4, sync.moment_of($5::bigint), pg_catalog.clock_timestamp(), NULL, 'read', $6::bigint)
ON CONFLICT (client_id, resource, variant) DO UPDATE
   SET digest = excluded.digest, confirmed_at = excluded.confirmed_at, asked_at = excluded.asked_at, fault = NULL, state = 'read',
       row_count = excluded.row_count
