-- What the pull has to know of the changes before it goes on.
SELECT pg_catalog.count(*) AS changes,
       pg_catalog.count(*) FILTER (WHERE c.new_date IS NULL) AS gone,
       EXISTS (SELECT FROM stage_posting s
                WHERE NOT EXISTS (SELECT FROM mirror.account a
                                   WHERE a.client_id = $1::bigint AND a.account_id = s.account_id)) AS has_unknown_account,
       (SELECT pg_catalog.count(*) - pg_catalog.count(DISTINCT posting_id) FROM stage_posting) AS doubles
  FROM stage_change c
