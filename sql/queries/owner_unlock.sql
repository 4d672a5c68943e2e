SELECT pg_catalog.count(pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended('saldod token ' || t.token_id, 0))) AS unlocked
  FROM pg_catalog.unnest($1::text[]) AS t (token_id)
