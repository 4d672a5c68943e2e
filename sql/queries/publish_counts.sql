UPDATE sync.client_state s
   SET postings = s.postings + c.added - c.gone, loaded_rows = s.loaded_rows + c.staged, loading_rows = 0, loading_percent = 0
  FROM (SELECT pg_catalog.count(*) FILTER (WHERE old_date IS NULL) AS added,
               pg_catalog.count(*) FILTER (WHERE new_date IS NULL) AS gone,
               (SELECT pg_catalog.count(*) FROM stage_posting) AS staged
          FROM stage_change) c
 WHERE s.client_id = $1::bigint
