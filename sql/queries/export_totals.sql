-- Totals of the postings of $1 from day $2 to day $3, and an amount that two decimals cannot hold.
SELECT pg_catalog.count(*) AS lines,
       pg_catalog.count(DISTINCT p.voucher_id) AS vouchers,
       pg_catalog.round(coalesce(pg_catalog.sum(p.amount) FILTER (WHERE p.amount > 0), 0), 2) AS debit,
       pg_catalog.round(-coalesce(pg_catalog.sum(p.amount) FILTER (WHERE p.amount < 0), 0), 2) AS credit,
       pg_catalog.count(*) FILTER (WHERE p.amount <> pg_catalog.round(p.amount, 2)
                                      OR pg_catalog.abs(p.amount) >= 1e16) AS inexact,
       pg_catalog.min(p.posting_id) FILTER (WHERE p.amount <> pg_catalog.round(p.amount, 2)
                                               OR pg_catalog.abs(p.amount) >= 1e16) AS inexact_id
  FROM finale.posting p
 WHERE p.org_nr = $1 AND p.posting_date >= $2::date AND p.posting_date <= $3::date
