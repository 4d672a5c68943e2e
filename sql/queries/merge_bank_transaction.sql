-- The staged lines of one bank statement (part $2) become what is mirrored.
WITH gone AS (
    DELETE FROM mirror.bank_transaction m
     WHERE m.client_id = $1::bigint
       AND m.bank_statement_id = $2::text::bigint
       AND NOT EXISTS (SELECT FROM stage_bank_transaction s WHERE s.bank_transaction_id = m.bank_transaction_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.bank_transaction AS m (client_id, bank_transaction_id, bank_statement_id, version, posted_date,
                                              description, amount_currency, account_id, matched, match_type, payment_id)
    SELECT $1::bigint, s.bank_transaction_id, $2::text::bigint, coalesce(s.version, 0), s.posted_date, s.description,
           s.amount_currency, s.account_id, s.matched, s.match_type, s.payment_id
      FROM stage_bank_transaction s
    ON CONFLICT (client_id, bank_transaction_id) DO UPDATE
       SET (bank_statement_id, version, posted_date, description, amount_currency, account_id, matched, match_type,
            payment_id)
         = (excluded.bank_statement_id, excluded.version, excluded.posted_date, excluded.description,
            excluded.amount_currency, excluded.account_id, excluded.matched, excluded.match_type, excluded.payment_id)
     WHERE (m.bank_statement_id, m.version, m.posted_date, m.description, m.amount_currency, m.account_id, m.matched,
            m.match_type, m.payment_id)
           IS DISTINCT FROM
           (excluded.bank_statement_id, excluded.version, excluded.posted_date, excluded.description,
            excluded.amount_currency, excluded.account_id, excluded.matched, excluded.match_type, excluded.payment_id)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
