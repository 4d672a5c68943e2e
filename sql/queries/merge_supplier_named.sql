-- The staged part becomes what is mirrored, changed rows only. None is removed: of others than these nothing is known.
-- Parts of another count than $2 has are those of earlier.
WITH earlier AS (
    DELETE FROM sync.list l
     WHERE l.client_id = $1::bigint
       AND l.resource = 'supplier_named'
       AND pg_catalog.split_part(l.variant, '/', 2) <> pg_catalog.split_part($2::text, '/', 2)
), written AS (
    INSERT INTO mirror.supplier AS m (client_id, supplier_id, version, number, name, organization_number, is_inactive)
    SELECT $1::bigint, s.supplier_id, coalesce(s.version, 0), s.number, s.name, s.organization_number, s.is_inactive
      FROM stage_supplier_named s
    ON CONFLICT (client_id, supplier_id) DO UPDATE
       SET (version, number, name, organization_number, is_inactive)
         = (excluded.version, excluded.number, excluded.name, excluded.organization_number, excluded.is_inactive)
     WHERE (m.version, m.number, m.name, m.organization_number, m.is_inactive)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.organization_number, excluded.is_inactive)
    RETURNING 1
)
SELECT pg_catalog.count(*) AS changed FROM written
