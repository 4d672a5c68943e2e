-- The postings of $1 from day $2 to day $3, voucher by voucher. VAT of a posting is what its gross has more; the rows that
-- Tripletex makes for the VAT itself carry none.
DECLARE part NO SCROLL CURSOR FOR
SELECT p.voucher_id,
       CASE WHEN p.voucher_number > 0 THEN p.voucher_year || '-' || p.voucher_number ELSE 'id-' || p.voucher_id END AS transaction_id,
       (pg_catalog.date_part('year', p.posting_date) - pg_catalog.date_part('year', $2::date)) * 12
       + pg_catalog.date_part('month', p.posting_date) - pg_catalog.date_part('month', $2::date) + 1 AS period,
       coalesce(v.voucher_date, p.posting_date) AS voucher_date,
       coalesce(v.voucher_type, 'Bilag') AS voucher_type,
       coalesce(v.description, '') AS voucher_description,
       p.posting_date,
       pg_catalog."right"(p.posting_id::text, 18) AS record_id,
       pg_catalog."right"(p.voucher_id::text, 18) AS system_id,
       coalesce(p.account_number, '0000') AS account_number,
       pg_catalog.round(p.amount, 2) AS amount,
       p.currency,
       CASE WHEN p.amount_currency = pg_catalog.round(p.amount_currency, 2) AND pg_catalog.abs(p.amount_currency) < 1e16
            THEN pg_catalog.round(pg_catalog.abs(p.amount_currency), 2) END AS amount_currency,
       coalesce(nullif(p.description, ''), v.description, '') AS description,
       CASE WHEN p.vat_code <> '0' AND NOT coalesce(p.system_generated, false)
                 AND p.amount_gross - p.amount = pg_catalog.round(p.amount_gross - p.amount, 2)
                 AND pg_catalog.abs(p.amount_gross) < 1e16
            THEN p.vat_code END AS vat_code,
       pg_catalog.round(p.amount_gross - p.amount, 2) AS vat_amount,
       pg_catalog.trim_scale(t.percentage) AS vat_percentage,
       CASE WHEN p.department_id IS NOT NULL THEN coalesce(d.department_number, p.department_id::text) END AS department,
       CASE WHEN p.project_id IS NOT NULL THEN coalesce(j.project_number, p.project_id::text) END AS project,
       CASE WHEN p.customer_id IS NOT NULL THEN coalesce(k.customer_number, p.customer_id::text) END AS customer,
       CASE WHEN p.supplier_id IS NOT NULL THEN coalesce(s.supplier_number, p.supplier_id::text) END AS supplier,
       nullif(p.invoice_number, '') AS invoice_number,
       p.term_of_payment
  FROM finale.posting p
  LEFT JOIN finale.voucher v ON v.org_nr = $1 AND v.voucher_id = p.voucher_id
  LEFT JOIN (SELECT DISTINCT ON (o.vat_code) o.vat_code, o.percentage FROM finale.vat_type o
              WHERE o.org_nr = $1 ORDER BY o.vat_code, o.vat_type_id) t ON t.vat_code = p.vat_code
  LEFT JOIN finale.department d ON d.org_nr = $1 AND d.department_id = p.department_id
  LEFT JOIN finale.project j ON j.org_nr = $1 AND j.project_id = p.project_id
  LEFT JOIN finale.customer k ON k.org_nr = $1 AND k.customer_id = p.customer_id
  LEFT JOIN finale.supplier s ON s.org_nr = $1 AND s.supplier_id = p.supplier_id
 WHERE p.org_nr = $1 AND p.posting_date >= $2::date AND p.posting_date <= $3::date
 ORDER BY p.voucher_year, p.voucher_number, p.voucher_id, p."row", p.posting_id
