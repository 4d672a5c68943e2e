-- The staged list becomes what is mirrored: changed rows only, and those gone removed.
-- An empty list is not believed where there was one: what is mirrored is kept.
WITH gone AS (
    DELETE FROM mirror.accounting_period m
     WHERE m.client_id = $1::bigint
       AND EXISTS (SELECT FROM stage_accounting_period)
       AND NOT EXISTS (SELECT FROM stage_accounting_period s WHERE s.accounting_period_id = m.accounting_period_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.accounting_period AS m (client_id, accounting_period_id, version, number, name, start_date, end_date,
                                               is_closed, checked_by, checked_at)
    SELECT $1::bigint, s.accounting_period_id, coalesce(s.version, 0), s.number, s.name, s.start_date, s.end_date, s.is_closed,
           s.checked_by, s.checked_at
      FROM stage_accounting_period s
    ON CONFLICT (client_id, accounting_period_id) DO UPDATE
       SET (version, number, name, start_date, end_date, is_closed, checked_by, checked_at)
         = (excluded.version, excluded.number, excluded.name, excluded.start_date, excluded.end_date, excluded.is_closed,
            excluded.checked_by, excluded.checked_at)
     WHERE (m.version, m.number, m.name, m.start_date, m.end_date, m.is_closed, m.checked_by, m.checked_at)
           IS DISTINCT FROM
           (excluded.version, excluded.number, excluded.name, excluded.start_date, excluded.end_date, excluded.is_closed,
            excluded.checked_by, excluded.checked_at)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed,
       (SELECT pg_catalog.count(*) FROM mirror.accounting_period m
         WHERE m.client_id = $1::bigint AND NOT EXISTS (SELECT FROM stage_accounting_period)) AS kept
