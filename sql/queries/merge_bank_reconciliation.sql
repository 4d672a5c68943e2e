-- The staged list becomes what is mirrored: changed rows only, and those gone removed. $2 is not used: it is one part.
WITH gone AS (
    DELETE FROM mirror.bank_reconciliation m
     WHERE m.client_id = $1::bigint
       AND $2::text = ''
       AND NOT EXISTS (SELECT FROM stage_bank_reconciliation s WHERE s.bank_reconciliation_id = m.bank_reconciliation_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.bank_reconciliation AS m (client_id, bank_reconciliation_id, version, account_id,
                                                 accounting_period_id, voucher_id, type, closing_balance_currency,
                                                 is_closed, closed_date, closed_by_employee_id)
    SELECT $1::bigint, s.bank_reconciliation_id, coalesce(s.version, 0), s.account_id, s.accounting_period_id,
           s.voucher_id, s.type, s.closing_balance_currency, s.is_closed, s.closed_date, s.closed_by_employee_id
      FROM stage_bank_reconciliation s
    ON CONFLICT (client_id, bank_reconciliation_id) DO UPDATE
       SET (version, account_id, accounting_period_id, voucher_id, type, closing_balance_currency, is_closed, closed_date,
            closed_by_employee_id)
         = (excluded.version, excluded.account_id, excluded.accounting_period_id, excluded.voucher_id, excluded.type,
            excluded.closing_balance_currency, excluded.is_closed, excluded.closed_date, excluded.closed_by_employee_id)
     WHERE (m.version, m.account_id, m.accounting_period_id, m.voucher_id, m.type, m.closing_balance_currency,
            m.is_closed, m.closed_date, m.closed_by_employee_id)
           IS DISTINCT FROM
           (excluded.version, excluded.account_id, excluded.accounting_period_id, excluded.voucher_id, excluded.type,
            excluded.closing_balance_currency, excluded.is_closed, excluded.closed_date, excluded.closed_by_employee_id)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
