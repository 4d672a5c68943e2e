-- Bureaus that have left the file of this instance ($1); $2 are those in it.
UPDATE bureau.bureau
   SET enabled = false
 WHERE source = 'config' AND owner = $1 AND enabled AND name <> ALL ($2::text[])
RETURNING name
