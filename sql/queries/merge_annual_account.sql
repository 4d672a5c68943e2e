-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept. Nor is a shorter one where the year has
-- postings and no other row holds its days: the horizon would begin later, and they would go with it.
WITH gone AS (
    DELETE FROM mirror.annual_account m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_annual_account)
       AND NOT EXISTS (SELECT FROM stage_annual_account s WHERE s.annual_account_id = m.annual_account_id)
       AND (EXISTS (SELECT FROM stage_annual_account s
                     WHERE s.start_date < m.end_date AND s.end_date > m.start_date)
            OR NOT EXISTS (SELECT FROM mirror.posting p
                            WHERE p.client_id = m.client_id AND p.posting_date >= m.start_date AND p.posting_date < m.end_date))
    RETURNING 1
), written AS (
    INSERT INTO mirror.annual_account AS m (client_id, annual_account_id, version, year, start_date, end_date)
    SELECT $1::bigint, s.annual_account_id, coalesce(s.version, 0), s.year, s.start_date, s.end_date
      FROM stage_annual_account s
    ON CONFLICT (client_id, annual_account_id) DO UPDATE
       SET (version, year, start_date, end_date)
         = (excluded.version, excluded.year, excluded.start_date, excluded.end_date)
     WHERE (m.version, m.year, m.start_date, m.end_date)
           IS DISTINCT FROM
           (excluded.version, excluded.year, excluded.start_date, excluded.end_date)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.annual_account m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_annual_account)) AS kept
