-- Postings that are gone leave the mirror; their last version is kept.
WITH gone AS (
    DELETE FROM mirror.posting p
     USING stage_change c
     WHERE p.client_id = $1::bigint AND p.posting_id = c.posting_id AND c.new_date IS NULL
    RETURNING p.*
)
INSERT INTO mirror.deleted_posting
       (client_id, posting_id, seen_gone_at, reason, version, voucher_id, "row", posting_date, account_id, amount,
        amount_currency, amount_gross, amount_gross_currency, currency, description, vat_type_id, customer_id, supplier_id,
        employee_id, department_id, project_id, product_id, invoice_number, term_of_payment, close_group_id, posting_type,
        external_ref, system_generated, matched, voucher_year, voucher_number, voucher_date, account_number, account_name,
        vat_code, dimension1_id, dimension2_id, dimension3_id, asset_id)
SELECT g.client_id, g.posting_id, pg_catalog.clock_timestamp(),
       CASE WHEN EXISTS (SELECT FROM stage_gone_voucher v WHERE v.voucher_id = g.voucher_id AND NOT v.is_moved)
            THEN 'voucher_deleted' ELSE 'voucher_edited' END,
       g.version, g.voucher_id, g."row", g.posting_date, g.account_id, g.amount, g.amount_currency, g.amount_gross,
       g.amount_gross_currency, g.currency, g.description, g.vat_type_id, g.customer_id, g.supplier_id, g.employee_id,
       g.department_id, g.project_id, g.product_id, g.invoice_number, g.term_of_payment, g.close_group_id, g.posting_type,
       g.external_ref, g.system_generated, g.matched, v.year, v.number, v.voucher_date, a.number, a.name, t.number,
       g.dimension1_id, g.dimension2_id, g.dimension3_id, g.asset_id
  FROM gone g
  LEFT JOIN mirror.voucher v ON v.client_id = g.client_id AND v.voucher_id = g.voucher_id
  LEFT JOIN mirror.account a ON a.client_id = g.client_id AND a.account_id = g.account_id
  LEFT JOIN mirror.vat_type t ON t.client_id = g.client_id AND t.vat_type_id = g.vat_type_id
