-- Matches of all bank reconciliations, or where those are too many, of each: of closed ones seldom. $1 client, $2 and
-- $4: how many milliseconds ago a part must have been asked to be due again, the latter for closed reconciliations;
-- $3 the resource.
WITH whole AS (
    SELECT EXISTS (SELECT FROM sync.list w
                    WHERE w.client_id = $1::bigint AND w.resource = $3::text AND w.variant = '' AND w.state = 'split') AS is_split
), p AS (
    SELECT '' AS variant, NULL AS filter, true AS can_split, false AS is_old
      FROM whole w
     WHERE NOT w.is_split
    UNION ALL
    SELECT r.bank_reconciliation_id::text, 'bankReconciliationId=' || r.bank_reconciliation_id, false, coalesce(r.is_closed, false)
      FROM whole w, mirror.bank_reconciliation r
     WHERE w.is_split AND r.client_id = $1::bigint
)
SELECT p.variant, p.filter, p.can_split, l.digest, l.state, l.row_count
  FROM p
  LEFT JOIN sync.list l ON l.client_id = $1::bigint AND l.resource = $3::text AND l.variant = p.variant
 WHERE (l.asked_at IS NULL
    OR l.asked_at <= pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => CASE WHEN p.is_old THEN greatest($2::double precision, $4) ELSE $2 END / 1000.0)
    OR l.state = 'failing' AND l.asked_at <= pg_catalog.clock_timestamp() - interval '1 minute')
   AND $4::double precision >= 0
 ORDER BY 1
 LIMIT 50
