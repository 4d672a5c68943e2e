-- Who holds an employee token: bureaus, and clients with one of their own. A row that is written has another version.
SELECT 'bureau' AS kind, b.bureau_id AS holder_id, b.name AS label, b.employee_token, b.enabled, b.xmin::text AS row_version
  FROM bureau.bureau b
UNION ALL
SELECT 'client', c.client_id, c.org_nr, c.employee_token, c.enabled, c.xmin::text
  FROM bureau.client c
 WHERE c.employee_token IS NOT NULL
