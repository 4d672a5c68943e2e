-- Who holds an employee token: bureaus, and clients with one of their own. A row that is written has another version. The token
-- of one that is gone stays until what its clients left at Tripletex is removed.
SELECT 'bureau' AS kind, b.bureau_id AS holder_id, b.name AS label, b.employee_token, b.enabled, b.xmin::text AS row_version,
       EXISTS (SELECT FROM sync.leftover l WHERE l.bureau_id = b.bureau_id) AS has_leftover
  FROM bureau.bureau b
UNION ALL
SELECT 'client', c.client_id, c.org_nr, c.employee_token, c.enabled, c.xmin::text, false
  FROM bureau.client c
 WHERE c.employee_token IS NOT NULL
UNION ALL
SELECT 'client', l.holder, 'gone, number ' || l.holder, pg_catalog.min(l.employee_token), true, '0', true
  FROM sync.leftover l
 WHERE l.bureau_id IS NULL AND l.forget_at > pg_catalog.now()
 GROUP BY l.holder
