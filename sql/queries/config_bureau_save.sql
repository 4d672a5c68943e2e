-- A bureau of the configuration file: $1 name, $2 token as it is stored, $3 org_nr, $4 instance. No row: it belongs to
-- somebody else.
INSERT INTO bureau.bureau AS b (name, employee_token, org_nr, source, owner)
VALUES ($1, $2, $3, 'config', $4)
ON CONFLICT (name) DO UPDATE
   SET employee_token = excluded.employee_token, org_nr = excluded.org_nr, enabled = true
 WHERE b.source = 'config' AND b.owner = $4
   AND (b.employee_token, b.org_nr, b.enabled) IS DISTINCT FROM (excluded.employee_token, excluded.org_nr, true)
