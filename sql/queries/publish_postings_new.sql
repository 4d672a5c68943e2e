-- All that is staged is new, as in a year that is loaded: rows go in without a look at what is there, which costs a third less and as
-- much as COPY. One that is there after all fails the publication. The number of the publication is asked for once, not for each row.
INSERT INTO mirror.posting
       (client_id, posting_id, version, voucher_id, "row", posting_date, account_id, amount, amount_currency, amount_gross,
        amount_gross_currency, currency, description, vat_type_id, customer_id, supplier_id, employee_id, department_id,
        project_id, product_id, invoice_number, term_of_payment, close_group_id, posting_type, external_ref,
        system_generated, matched, dimension1_id, dimension2_id, dimension3_id, asset_id, valid_from)
SELECT $1::bigint, s.posting_id, s.version, s.voucher_id, s."row", s.posting_date, s.account_id, s.amount,
       s.amount_currency, s.amount_gross, s.amount_gross_currency, s.currency, s.description, s.vat_type_id, s.customer_id,
       s.supplier_id, s.employee_id, s.department_id, s.project_id, s.product_id, s.invoice_number, s.term_of_payment,
       s.close_group_id, s.posting_type, s.external_ref, s.system_generated, s.matched, s.dimension1_id, s.dimension2_id, s.dimension3_id, s.asset_id,
       (SELECT pg_catalog.current_setting('saldod.publication')::bigint)
  FROM stage_posting s
