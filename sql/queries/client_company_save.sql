-- The company in Tripletex that a client is, proven by >whoAmI.
UPDATE sync.client_state
   SET company_id = $2, company_name = $3, proven_at = pg_catalog.clock_timestamp(), no_access = false
 WHERE client_id = $1
