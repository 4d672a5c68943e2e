-- What differs between the stage and the mirror, one row per posting: `old_date` is where the mirror has it, null where
-- it is new; `new_date` is null where it is gone from the ranges that were read. What stands elsewhere is looked up row by
-- row (OFFSET keeps it so): a plan that joins would read the whole client for a handful.
INSERT INTO stage_change (posting_id, voucher_id, old_date, new_date)
SELECT coalesce(s.posting_id, m.posting_id), coalesce(m.voucher_id, s.voucher_id), m.posting_date, s.posting_date
  FROM stage_posting s
  FULL JOIN (
        SELECT p.*
          FROM stage_range r
          JOIN mirror.posting p ON p.client_id = $1::bigint AND p.posting_date >= r.date_from AND p.posting_date < r.date_to
        UNION ALL
        SELECT p.*
          FROM stage_posting here
         CROSS JOIN LATERAL (SELECT p.* FROM mirror.posting p
                              WHERE p.client_id = $1::bigint AND p.posting_id = here.posting_id
                             OFFSET 0) p
         WHERE NOT EXISTS (SELECT FROM stage_range r WHERE p.posting_date >= r.date_from AND p.posting_date < r.date_to)
       ) m ON m.posting_id = s.posting_id
 WHERE s.posting_id IS NULL
    OR m.posting_id IS NULL
    OR (m.version, m.voucher_id, m."row", m.posting_date, m.account_id, m.amount, m.amount_currency, m.amount_gross,
        m.amount_gross_currency, m.currency, m.description, m.vat_type_id, m.customer_id, m.supplier_id, m.employee_id,
        m.department_id, m.project_id, m.product_id, m.invoice_number, m.term_of_payment, m.close_group_id,
        m.posting_type, m.external_ref, m.system_generated, m.matched, m.dimension1_id, m.dimension2_id, m.dimension3_id, m.asset_id)
       IS DISTINCT FROM
       (s.version, s.voucher_id, s."row", s.posting_date, s.account_id, s.amount, s.amount_currency, s.amount_gross,
        s.amount_gross_currency, s.currency, s.description, s.vat_type_id, s.customer_id, s.supplier_id, s.employee_id,
        s.department_id, s.project_id, s.product_id, s.invoice_number, s.term_of_payment, s.close_group_id,
        s.posting_type, s.external_ref, s.system_generated, s.matched, s.dimension1_id, s.dimension2_id, s.dimension3_id, s.asset_id)
