-- Opening balances that were read. Hollow is the sheet of a year of which no row came, though the year's postings, as they
-- stand now, do not sum to 0 on each account.
WITH gone AS (
    DELETE FROM mirror.opening o
     USING stage_opening_year r
     WHERE o.client_id = $1::bigint AND o.year = r.year
       AND NOT EXISTS (SELECT FROM stage_opening s
                        WHERE s.year = o.year AND s.account_id = o.account_id AND s.balance_in <> 0)
    RETURNING 1
), written AS (
    INSERT INTO mirror.opening AS m (client_id, year, account_id, balance_in)
    SELECT $1::bigint, s.year, s.account_id, s.balance_in
      FROM stage_opening s
     WHERE s.balance_in <> 0
    ON CONFLICT (client_id, year, account_id) DO UPDATE
       SET balance_in = excluded.balance_in
     WHERE m.balance_in <> excluded.balance_in
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*)
          FROM stage_opening_year r
         WHERE NOT EXISTS (SELECT FROM stage_opening s WHERE s.year = r.year)
           AND EXISTS (SELECT
                         FROM mirror.year y
                         JOIN mirror.posting p ON p.client_id = y.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
                        WHERE y.client_id = $1::bigint AND y.year = r.year
                        GROUP BY p.account_id
                       HAVING pg_catalog.sum(p.amount) <> 0)) AS hollow
