-- The staged budget of one year (part $2) becomes what is mirrored. Rows of one account and period are added up.
WITH planned AS (
    SELECT s.account_id, s.accounting_period_id, pg_catalog.sum(coalesce(s.amount, 0)) AS amount
      FROM stage_budget s
     GROUP BY s.account_id, s.accounting_period_id
), gone AS (
    DELETE FROM mirror.budget m
     WHERE m.client_id = $1::bigint AND m.year = $2::text::integer
       AND NOT EXISTS (SELECT FROM planned p
                        WHERE p.account_id = m.account_id AND p.accounting_period_id = m.accounting_period_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.budget AS m (client_id, year, account_id, accounting_period_id, amount)
    SELECT $1::bigint, $2::text::integer, p.account_id, p.accounting_period_id, p.amount
      FROM planned p
    ON CONFLICT (client_id, year, account_id, accounting_period_id) DO UPDATE
       SET amount = excluded.amount
     WHERE m.amount <> excluded.amount
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
