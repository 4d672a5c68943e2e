-- What is held back and not confirmed, in numbers and examples; $2 says why.
WITH held AS (
    SELECT h.voucher_id, p.posting_date, p.account_id, p.amount, y.year
      FROM sync.held_posting h
      JOIN mirror.posting p ON p.client_id = h.client_id AND p.posting_id = h.posting_id
      LEFT JOIN mirror.year y ON y.client_id = p.client_id AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
     WHERE h.client_id = $1::bigint AND NOT h.is_confirmed
)
SELECT pg_catalog.jsonb_build_object(
           'why', $2::text,
           'postings', (SELECT pg_catalog.count(*) FROM held),
           'vouchers', (SELECT pg_catalog.count(DISTINCT h.voucher_id) FROM held h),
           'years', (SELECT pg_catalog.jsonb_object_agg(n.year, n.postings)
                       FROM (SELECT h.year, pg_catalog.count(*) AS postings FROM held h WHERE h.year IS NOT NULL GROUP BY h.year) n),
           'examples', (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                                   'date', e.posting_date, 'voucher', pg_catalog.concat_ws('-', e.voucher_year, e.number),
                                   'account', e.account, 'amount', e.amount) ORDER BY e.posting_date, e.voucher_id)
                          FROM (SELECT h.posting_date, h.voucher_id, h.amount, v.year AS voucher_year, v.number, a.number AS account
                                  FROM held h
                                  LEFT JOIN mirror.voucher v ON v.client_id = $1::bigint AND v.voucher_id = h.voucher_id
                                  LEFT JOIN mirror.account a ON a.client_id = $1::bigint AND a.account_id = h.account_id
                                 ORDER BY h.posting_date, h.voucher_id
                                 LIMIT 10) e))::text AS detail
