-- The staged open posts become what is mirrored: of all accounts, or (part $2) of one. A page may repeat a row of the one
-- before, since the list is not sorted.
WITH gone AS (
    DELETE FROM mirror.open_post m
     WHERE m.client_id = $1::bigint
       AND ($2::text = '' OR m.account_id = $2::text::bigint)
       AND NOT EXISTS (SELECT FROM stage_open_post s WHERE s.posting_id = m.posting_id)
    RETURNING 1
), written AS (
    INSERT INTO mirror.open_post AS m (client_id, posting_id, version, voucher_id, voucher_year, voucher_number,
                                       posting_date, account_id, amount, amount_currency, currency, description,
                                       customer_id, supplier_id, employee_id, department_id, project_id, invoice_number,
                                       term_of_payment)
    SELECT $1::bigint, s.posting_id, coalesce(s.version, 0), s.voucher_id, s.voucher_year, s.voucher_number,
           s.posting_date, s.account_id, s.amount, s.amount_currency, s.currency, s.description, s.customer_id,
           s.supplier_id, s.employee_id, s.department_id, s.project_id, s.invoice_number, s.term_of_payment
      FROM (SELECT DISTINCT ON (posting_id) * FROM stage_open_post ORDER BY posting_id) s
    ON CONFLICT (client_id, posting_id) DO UPDATE
       SET (version, voucher_id, voucher_year, voucher_number, posting_date, account_id, amount, amount_currency,
            currency, description, customer_id, supplier_id, employee_id, department_id, project_id, invoice_number,
            term_of_payment)
         = (excluded.version, excluded.voucher_id, excluded.voucher_year, excluded.voucher_number, excluded.posting_date,
            excluded.account_id, excluded.amount, excluded.amount_currency, excluded.currency, excluded.description,
            excluded.customer_id, excluded.supplier_id, excluded.employee_id, excluded.department_id, excluded.project_id,
            excluded.invoice_number, excluded.term_of_payment)
     WHERE (m.version, m.voucher_id, m.voucher_year, m.voucher_number, m.posting_date, m.account_id, m.amount,
            m.amount_currency, m.currency, m.description, m.customer_id, m.supplier_id, m.employee_id, m.department_id,
            m.project_id, m.invoice_number, m.term_of_payment)
           IS DISTINCT FROM
           (excluded.version, excluded.voucher_id, excluded.voucher_year, excluded.voucher_number, excluded.posting_date,
            excluded.account_id, excluded.amount, excluded.amount_currency, excluded.currency, excluded.description,
            excluded.customer_id, excluded.supplier_id, excluded.employee_id, excluded.department_id, excluded.project_id,
            excluded.invoice_number, excluded.term_of_payment)
    RETURNING 1
)
SELECT (SELECT pg_catalog.count(*) FROM gone) + (SELECT pg_catalog.count(*) FROM written) AS changed
