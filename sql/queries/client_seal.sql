-- The same for a client's own token.
UPDATE bureau.client SET employee_token = $3
 WHERE client_id = $1 AND pg_catalog.sha256(pg_catalog.convert_to(employee_token, 'UTF8')) = $2::bytea
RETURNING xmin::text AS row_version
