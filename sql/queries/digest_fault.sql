-- The checksums of a client's lists do not serve ($2 says why), or serve again ($2 null). $3 '': they are not used at all;
-- 'unsaid': they are compared with those in the answers.
INSERT INTO sync.list AS l (client_id, resource, variant, confirmed_at, asked_at, fault)
VALUES ($1::bigint, 'digest', $3, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp(), $2)
ON CONFLICT (client_id, resource, variant) DO UPDATE
   SET fault = excluded.fault, confirmed_at = excluded.confirmed_at, asked_at = excluded.asked_at
