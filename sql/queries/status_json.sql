-- The same for machines: one document.
SELECT pg_catalog.jsonb_pretty(pg_catalog.jsonb_build_object(
           'clients', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(s) ORDER BY s.org_nr) FROM bureau.status s), '[]'),
           'tokens', coalesce((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                          'bureau', b.name, 'org_nr', c.org_nr, 'state', t.state, 'owner', o.instance,
                          'budget_limit', t.budget_limit, 'budget_remaining', t.budget_remaining,
                          'session_expires_at', t.session_expires_at, 'reason', t.reason, 'remedy', t.remedy))
                          FROM sync.token_state t
                          LEFT JOIN bureau.bureau b ON b.bureau_id = t.bureau_id
                          LEFT JOIN bureau.client c ON c.client_id = t.client_id
                          LEFT JOIN sync.owner o ON o.token_id = t.token_id), '[]'))) AS document
