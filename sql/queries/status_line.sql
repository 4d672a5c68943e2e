-- How the clients stand, in one line for the service manager: what is 0 is left out, but not the fresh.
WITH stands AS (
    SELECT k.state, pg_catalog.count(*) AS n, pg_catalog.sum(k.years) AS years, pg_catalog.sum(k.complete_years * 100 + t.loading_percent) AS percent,
           CASE k.state WHEN 'fresh' THEN 1 WHEN 'loading' THEN 2 WHEN 'held' THEN 3 WHEN 'failing' THEN 4
                        WHEN 'no_access' THEN 5 WHEN 'stale' THEN 6 WHEN 'waiting' THEN 7 ELSE 8 END AS place
      FROM sync.client_condition k
      JOIN sync.client_state t ON t.client_id = k.client_id
     GROUP BY k.state)
SELECT CASE WHEN coalesce(pg_catalog.sum(s.n), 0) = 0 THEN 'no client is registered yet'
            ELSE pg_catalog.concat_ws(', ',
                CASE WHEN NOT pg_catalog.bool_or(s.state = 'fresh') THEN '0 fresh' END,
                pg_catalog.string_agg(CASE s.state
                    WHEN 'loading' THEN pg_catalog.format('%s loading (%s %%)', s.n, coalesce(s.percent / nullif(s.years, 0), 0)::integer)
                    WHEN 'no_access' THEN pg_catalog.format('%s without access', s.n)
                    ELSE pg_catalog.format('%s %s', s.n, s.state) END, ', ' ORDER BY s.place),
                NULL) || pg_catalog.format(' of %s client%s', pg_catalog.sum(s.n), CASE WHEN pg_catalog.sum(s.n) <> 1 THEN 's' END)
       END AS line
  FROM stands s
