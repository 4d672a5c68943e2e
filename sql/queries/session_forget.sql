-- A session that was ended: $1 token, $2 the sealed session, so that a later one stays.
DELETE FROM sync.session WHERE token_id = $1 AND sealed_token = $2
