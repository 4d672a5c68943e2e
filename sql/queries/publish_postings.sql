-- New and changed postings.
INSERT INTO mirror.posting AS m
       (client_id, posting_id, version, voucher_id, "row", posting_date, account_id, amount, amount_currency, amount_gross,
        amount_gross_currency, currency, description, vat_type_id, customer_id, supplier_id, employee_id, department_id,
        project_id, product_id, invoice_number, term_of_payment, close_group_id, posting_type, external_ref,
        system_generated, matched, dimension1_id, dimension2_id, dimension3_id, asset_id)
SELECT $1::bigint, s.posting_id, s.version, s.voucher_id, s."row", s.posting_date, s.account_id, s.amount,
       s.amount_currency, s.amount_gross, s.amount_gross_currency, s.currency, s.description, s.vat_type_id, s.customer_id,
       s.supplier_id, s.employee_id, s.department_id, s.project_id, s.product_id, s.invoice_number, s.term_of_payment,
       s.close_group_id, s.posting_type, s.external_ref, s.system_generated, s.matched, s.dimension1_id, s.dimension2_id, s.dimension3_id, s.asset_id
  FROM stage_change c
  JOIN stage_posting s ON s.posting_id = c.posting_id
ON CONFLICT (client_id, posting_id) DO UPDATE
   SET (version, voucher_id, "row", posting_date, account_id, amount, amount_currency, amount_gross,
        amount_gross_currency, currency, description, vat_type_id, customer_id, supplier_id, employee_id, department_id,
        project_id, product_id, invoice_number, term_of_payment, close_group_id, posting_type, external_ref,
        system_generated, matched, dimension1_id, dimension2_id, dimension3_id, asset_id)
     = (excluded.version, excluded.voucher_id, excluded."row", excluded.posting_date, excluded.account_id, excluded.amount,
        excluded.amount_currency, excluded.amount_gross, excluded.amount_gross_currency, excluded.currency,
        excluded.description, excluded.vat_type_id, excluded.customer_id, excluded.supplier_id, excluded.employee_id,
        excluded.department_id, excluded.project_id, excluded.product_id, excluded.invoice_number, excluded.term_of_payment,
        excluded.close_group_id, excluded.posting_type, excluded.external_ref, excluded.system_generated, excluded.matched,
        excluded.dimension1_id, excluded.dimension2_id, excluded.dimension3_id, excluded.asset_id)
