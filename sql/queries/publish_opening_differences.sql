-- Balance accounts whose opening is not the closing of the fiscal year before: looked at are the accounts that this
-- publication moves, or all of them where the opening of a year was read.
WITH touched AS (
    SELECT d.account_id FROM stage_delta d
    UNION
    SELECT a.account_id
      FROM mirror.account a
     WHERE a.client_id = $1::bigint AND a.number ~ '^[12]' AND EXISTS (SELECT FROM stage_opening_year)
    UNION
    SELECT d.account_id
      FROM mirror.opening_difference d
     WHERE d.client_id = $1::bigint AND EXISTS (SELECT FROM stage_opening_year)
), found AS MATERIALIZED (
    SELECT y.year, a.account_id, coalesce(o.balance_in, 0) AS opening, coalesce(i.balance_in, 0) + m.amount AS prior_closing
      FROM touched t
      JOIN mirror.account a ON a.client_id = $1::bigint AND a.account_id = t.account_id AND a.number ~ '^[12]'
      JOIN mirror.year y ON y.client_id = a.client_id AND y.complete
      JOIN mirror.year b ON b.client_id = y.client_id AND b.next_start_date = y.start_date AND b.complete
      LEFT JOIN mirror.opening o ON o.client_id = a.client_id AND o.year = y.year AND o.account_id = a.account_id
      LEFT JOIN mirror.opening i ON i.client_id = a.client_id AND i.year = b.year AND i.account_id = a.account_id
     CROSS JOIN LATERAL (
            SELECT coalesce(pg_catalog.sum(s.balance_change), 0) AS amount
              FROM mirror.saldo s
             WHERE s.client_id = a.client_id AND s.account_id = a.account_id AND s.year = b.year) m
     WHERE coalesce(o.balance_in, 0) <> coalesce(i.balance_in, 0) + m.amount
), gone AS (
    DELETE FROM mirror.opening_difference d
     USING touched t
     WHERE d.client_id = $1::bigint AND d.account_id = t.account_id
       AND NOT EXISTS (SELECT FROM found f WHERE f.year = d.year AND f.account_id = d.account_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.opening_difference AS d (client_id, year, account_id, opening, prior_closing)
    SELECT $1::bigint, f.year, f.account_id, f.opening, f.prior_closing
      FROM found f
    ON CONFLICT (client_id, year, account_id) DO UPDATE
       SET opening = excluded.opening, prior_closing = excluded.prior_closing
     WHERE (d.opening, d.prior_closing) IS DISTINCT FROM (excluded.opening, excluded.prior_closing)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
