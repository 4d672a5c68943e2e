-- Budgets and sessions of the tokens, and who owns them.
SELECT coalesce(b.name, c.org_nr, '-') AS holder, t.state, coalesce(o.instance, '-') AS owner,
       coalesce(t.budget_remaining || ' of ' || t.budget_limit, 'not known yet') AS budget,
       coalesce(pg_catalog.to_char(t.session_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"Z"'), '-') AS session_until
  FROM sync.token_state t
  LEFT JOIN bureau.bureau b ON b.bureau_id = t.bureau_id
  LEFT JOIN bureau.client c ON c.client_id = t.client_id
  LEFT JOIN sync.owner o ON o.token_id = t.token_id
 ORDER BY 1
