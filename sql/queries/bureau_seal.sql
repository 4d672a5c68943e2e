-- Replaces a token in the clear by its sealed form ($3), unless somebody has entered another one meanwhile. It is known by
-- its digest ($2, SHA-256), so that the token itself is in no statement that the server may log.
UPDATE bureau.bureau SET employee_token = $3
 WHERE bureau_id = $1 AND pg_catalog.sha256(pg_catalog.convert_to(employee_token, 'UTF8')) = $2::bytea
RETURNING xmin::text AS row_version
