-- A list could not be had: $2 resource, $3 fault, $4 state: refused, or split where it has too many rows. It is asked
-- again after its interval.
INSERT INTO sync.list AS l (client_id, resource, variant, confirmed_at, asked_at, fault, state)
VALUES ($1::bigint, $2, '', pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), $3, $4)
ON CONFLICT (client_id, resource, variant) DO UPDATE
   SET fault = excluded.fault, confirmed_at = excluded.confirmed_at, asked_at = excluded.asked_at, state = excluded.state
