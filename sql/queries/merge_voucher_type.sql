-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept. So is a type that a voucher names: it
-- cannot have been deleted, and finale shows its name.
WITH gone AS (
    DELETE FROM mirror.voucher_type m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_voucher_type)
       AND NOT EXISTS (SELECT FROM stage_voucher_type s WHERE s.voucher_type_id = m.voucher_type_id)
       AND NOT EXISTS (SELECT FROM mirror.voucher v WHERE v.client_id = m.client_id AND v.voucher_type_id = m.voucher_type_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.voucher_type AS m (client_id, voucher_type_id, version, name)
    SELECT $1::bigint, s.voucher_type_id, coalesce(s.version, 0), s.name
      FROM stage_voucher_type s
    ON CONFLICT (client_id, voucher_type_id) DO UPDATE
       SET (version, name)
         = (excluded.version, excluded.name)
     WHERE (m.version, m.name)
           IS DISTINCT FROM
           (excluded.version, excluded.name)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.voucher_type m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_voucher_type)) AS kept
