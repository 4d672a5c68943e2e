-- Budgets and sessions for the status page: one document of all tokens, by bureau or single company.
SELECT coalesce(pg_catalog.jsonb_agg(t.document ORDER BY t.label), '[]')::text AS document
  FROM (
        SELECT coalesce(b.name, c.name, '-') AS label,
               pg_catalog.jsonb_build_object(
                   'bureau', b.name, 'org_nr', c.org_nr, 'name', coalesce(b.name, c.name),
                   'state', s.state, 'owner', o.instance,
                   'budget_limit', s.budget_limit, 'budget_remaining', s.budget_remaining,
                   'budget_reset_at', s.budget_reset_at, 'session_expires_at', s.session_expires_at,
                   'reason', s.reason, 'remedy', s.remedy, 'last_error', s.last_error,
                   'last_request_id', s.last_request_id,
                   'clients', (SELECT pg_catalog.count(*) FROM bureau.client n
                                WHERE n.bureau_id = s.bureau_id AND n.employee_token IS NULL OR n.client_id = s.client_id)) AS document
          FROM sync.token_state s
          LEFT JOIN bureau.bureau b ON b.bureau_id = s.bureau_id
          LEFT JOIN bureau.client c ON c.client_id = s.client_id
          LEFT JOIN sync.owner o ON o.token_id = s.token_id) t
