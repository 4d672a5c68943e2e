-- The staged list becomes what is mirrored. With a statement that is gone go its lines; those of
-- a changed one are due at once. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.bank_statement m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_bank_statement s WHERE s.bank_statement_id = m.bank_statement_id)
    RETURNING m.bank_statement_id
), gone_lines AS (
    DELETE FROM mirror.bank_transaction t
     USING gone g
     WHERE t.client_id = $1::bigint AND t.bank_statement_id = g.bank_statement_id
), gone_parts AS (
    DELETE FROM sync.list l
     USING gone g
     WHERE l.client_id = $1::bigint AND l.resource = 'bank_transaction' AND l.variant = g.bank_statement_id::text
), touched AS (
    UPDATE sync.list l SET asked_at = NULL
      FROM stage_bank_statement s
      JOIN mirror.bank_statement m ON m.client_id = $1::bigint AND m.bank_statement_id = s.bank_statement_id
     WHERE l.client_id = $1::bigint AND l.resource = 'bank_transaction' AND l.variant = s.bank_statement_id::text
       AND m.version IS DISTINCT FROM coalesce(s.version, 0)
), written AS (
    INSERT INTO mirror.bank_statement AS m (client_id, bank_statement_id, version, from_date, to_date,
                                            opening_balance_currency, closing_balance_currency, bank_name, file_name)
    SELECT $1::bigint, s.bank_statement_id, coalesce(s.version, 0), s.from_date, s.to_date, s.opening_balance_currency,
           s.closing_balance_currency, s.bank_name, s.file_name
      FROM stage_bank_statement s
    ON CONFLICT (client_id, bank_statement_id) DO UPDATE
       SET (version, from_date, to_date, opening_balance_currency, closing_balance_currency, bank_name, file_name)
         = (excluded.version, excluded.from_date, excluded.to_date, excluded.opening_balance_currency,
            excluded.closing_balance_currency, excluded.bank_name, excluded.file_name)
     WHERE (m.version, m.from_date, m.to_date, m.opening_balance_currency, m.closing_balance_currency, m.bank_name,
            m.file_name)
           IS DISTINCT FROM
           (excluded.version, excluded.from_date, excluded.to_date, excluded.opening_balance_currency,
            excluded.closing_balance_currency, excluded.bank_name, excluded.file_name)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
