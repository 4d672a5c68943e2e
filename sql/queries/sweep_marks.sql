-- The newest mark that can be swept; 0 = none. While a token is still in the clear, sealing it comes first.
SELECT CASE WHEN EXISTS (SELECT FROM bureau.bureau b WHERE bureau.token_kind(b.employee_token) = 'clear')
              OR EXISTS (SELECT FROM bureau.client c WHERE bureau.token_kind(c.employee_token) = 'clear')
            THEN 0 ELSE coalesce(pg_catalog.max(m.sweep_id), 0) END AS newest
  FROM sync.sweep m
