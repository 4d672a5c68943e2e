-- What clients that are gone have left at Tripletex and the token of a bureau ($1) or former client ($2) removes. A client that
-- was registered again may have taken it over. What could not be removed in time is forgotten, whoever left it.
WITH forgotten AS (
    DELETE FROM sync.leftover l WHERE l.forget_at <= pg_catalog.clock_timestamp()
)
SELECT l.company_id, l.subscription_id
  FROM sync.leftover l
 WHERE l.forget_at > pg_catalog.clock_timestamp()
   AND CASE WHEN l.bureau_id IS NULL THEN l.holder = $2::bigint ELSE l.bureau_id = $1::bigint END
   AND NOT EXISTS (SELECT
                     FROM sync.webhook w
                     JOIN sync.client_state s ON s.client_id = w.client_id
                    WHERE w.subscription_id = l.subscription_id AND s.company_id = l.company_id)
 ORDER BY l.forget_at, l.subscription_id
 LIMIT 256
