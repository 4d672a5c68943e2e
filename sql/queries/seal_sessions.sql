-- Every session, living or not.
SELECT token_id, sealed_token FROM sync.session ORDER BY token_id
