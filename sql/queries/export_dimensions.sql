-- Departments (A) and projects (P) of $1 that postings from day $2 to day $3 name.
DECLARE part NO SCROLL CURSOR FOR
SELECT 'A' AS type, 'Avdeling' AS type_name, coalesce(d.department_number, u.id::text) AS number,
       coalesce(d.department_name, d.department_number, u.id::text) AS name
  FROM (SELECT DISTINCT p.department_id AS id FROM finale.posting p
         WHERE p.org_nr = $1 AND p.posting_date >= $2::date AND p.posting_date <= $3::date AND p.department_id IS NOT NULL) u
  LEFT JOIN finale.department d ON d.org_nr = $1 AND d.department_id = u.id
UNION ALL
SELECT 'P', 'Prosjekt', coalesce(d.project_number, u.id::text), coalesce(d.project_name, d.project_number, u.id::text)
  FROM (SELECT DISTINCT p.project_id AS id FROM finale.posting p
         WHERE p.org_nr = $1 AND p.posting_date >= $2::date AND p.posting_date <= $3::date AND p.project_id IS NOT NULL) u
  LEFT JOIN finale.project d ON d.org_nr = $1 AND d.project_id = u.id
 ORDER BY type, number
