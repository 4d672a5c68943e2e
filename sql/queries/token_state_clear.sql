-- Forgets what was said of tokens that a bureau ($1) or client ($2) no longer has.
DELETE FROM sync.token_state
 WHERE token_id <> $3
   AND (bureau_id = $1::bigint OR client_id = $2::bigint)
