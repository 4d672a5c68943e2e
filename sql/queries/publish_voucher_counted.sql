-- Which of them count against the proof. Not counted: opening balances (named so, or dated the day before a fiscal
-- year and on balance accounts alone), vouchers dated before the horizon, those that have the rest of their sum
-- beyond it, and all while a year is still loading, since their other postings may lie there.
UPDATE mirror.voucher_difference d
   SET counted = r.counted
  FROM (
        SELECT d.voucher_id,
               d.difference + coalesce(d.outside, 0) <> 0
               AND NOT EXISTS (SELECT FROM mirror.year y WHERE y.client_id = $1::bigint AND NOT y.complete)
               AND v.voucher_date >= (SELECT pg_catalog.min(y.start_date) FROM mirror.year y WHERE y.client_id = $1::bigint)
               AND NOT (coalesce(t.name ~* '[åoa]pning|opening balance', false)
                        OR EXISTS (SELECT FROM mirror.year y
                                    WHERE y.client_id = $1::bigint AND y.start_date = v.voucher_date + 1)
                        AND NOT EXISTS (SELECT FROM mirror.posting p
                                          LEFT JOIN mirror.account a ON a.client_id = p.client_id AND a.account_id = p.account_id
                                         WHERE p.client_id = $1::bigint AND p.voucher_id = d.voucher_id
                                           AND a.number !~ '^[12]')) AS counted
          FROM mirror.voucher_difference d
          JOIN mirror.voucher v ON v.client_id = d.client_id AND v.voucher_id = d.voucher_id
          LEFT JOIN mirror.voucher_type t ON t.client_id = v.client_id AND t.voucher_type_id = v.voucher_type_id
         WHERE d.client_id = $1::bigint
       ) r
 WHERE d.client_id = $1::bigint AND d.voucher_id = r.voucher_id AND d.counted <> r.counted
