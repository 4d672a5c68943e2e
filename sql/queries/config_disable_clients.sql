-- Clients that have left the file of this instance ($1); $2 are those in it.
UPDATE bureau.client
   SET enabled = false
 WHERE source = 'config' AND owner = $1 AND enabled AND org_nr <> ALL ($2::text[])
RETURNING org_nr
