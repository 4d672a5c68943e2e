-- Lines of each bank statement: of new and recent ones often, of those that ended long ago seldom. $1 client, $2 and
-- $4: how many milliseconds ago a part must have been asked to be due again, the latter for old statements; $3 the
-- resource.
WITH p AS (
    SELECT s.bank_statement_id::text AS variant, 'bankStatementId=' || s.bank_statement_id AS filter, false AS can_split,
           s.to_date < current_date - 92 AS is_old, s.to_date
      FROM mirror.bank_statement s
     WHERE s.client_id = $1::bigint
)
SELECT p.variant, p.filter, p.can_split, l.digest, l.state, l.row_count
  FROM p
  LEFT JOIN sync.list l ON l.client_id = $1::bigint AND l.resource = $3::text AND l.variant = p.variant
 WHERE (l.asked_at IS NULL
    OR l.asked_at <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => CASE WHEN p.is_old THEN greatest($2::double precision, $4) ELSE $2 END / 1000.0)
    OR l.state = 'failing' AND l.asked_at <= pg_catalog.clock_timestamp() - interval '1 minute')
   AND $4::double precision >= 0
 ORDER BY p.to_date DESC NULLS LAST, p.variant
 LIMIT 50
