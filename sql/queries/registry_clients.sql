-- All clients, with what decides how each is pulled. Who was refused is tried at once at a start: a secret may have been
-- put right meanwhile, and the session is asked for once a token.
SELECT c.client_id, c.org_nr, c.name, c.bureau_id, b.name AS bureau,
       c.employee_token IS NOT NULL AS has_own_token,
       coalesce(c.org_nr_setting, b.org_nr, '') AS setting,
       c.enabled AND coalesce(b.enabled, true) AS enabled,
       (extract(epoch FROM c.pull_interval) * 1000)::bigint AS pull_interval_ms,
       c.history_from,
       coalesce((SELECT pg_catalog.bool_and(y.complete) FROM mirror.year y WHERE y.client_id = c.client_id), false) AS is_loaded,
       s.company_id, s.proven_at IS NOT NULL AS is_proven, s.failures,
       CASE WHEN s.refused THEN 0
            ELSE (extract(epoch FROM greatest(s.next_pull_at - pg_catalog.clock_timestamp(), interval '0')) * 1000)::bigint
       END AS due_in_ms,
       EXISTS (SELECT FROM sync.webhook w WHERE w.client_id = c.client_id) AS has_subscriptions
  FROM bureau.client c
  JOIN sync.client_state s ON s.client_id = c.client_id
  LEFT JOIN bureau.bureau b ON b.bureau_id = c.bureau_id
 ORDER BY c.client_id
