-- Nothing is held back any longer.
DELETE FROM sync.held_posting WHERE client_id = $1::bigint
