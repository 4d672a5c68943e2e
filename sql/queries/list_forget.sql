-- A list ($2) is asked for in full by the next pull.
DELETE FROM sync.list WHERE client_id = $1::bigint AND resource = $2
