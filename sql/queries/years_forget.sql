-- What was dated before the horizon ($2) is no longer mirrored; its sum is in the opening balance of the first year.
WITH postings AS (
    DELETE FROM mirror.posting p WHERE p.client_id = $1::bigint AND p.posting_date < $2::date RETURNING 1
), counted AS (
    UPDATE sync.client_state s SET postings = s.postings - (SELECT pg_catalog.count(*) FROM postings) WHERE s.client_id = $1::bigint
), vouchers AS (
    DELETE FROM mirror.voucher v
     WHERE v.client_id = $1::bigint AND v.voucher_date < $2::date
       AND NOT EXISTS (SELECT FROM mirror.posting p
                        WHERE p.client_id = v.client_id AND p.voucher_id = v.voucher_id AND p.posting_date >= $2::date)
), opening_differences AS (
    DELETE FROM mirror.opening_difference d
     WHERE d.client_id = $1::bigint
       AND NOT EXISTS (SELECT FROM mirror.year y
                         JOIN mirror.year b ON b.client_id = y.client_id AND b.next_start_date = y.start_date
                        WHERE y.client_id = d.client_id AND y.year = d.year)
), voucher_differences AS (
    DELETE FROM mirror.voucher_difference d
     WHERE d.client_id = $1::bigint
       AND NOT EXISTS (SELECT FROM mirror.posting p
                        WHERE p.client_id = d.client_id AND p.voucher_id = d.voucher_id AND p.posting_date >= $2::date)
), openings AS (
    DELETE FROM mirror.opening o
     WHERE o.client_id = $1::bigint
       AND NOT EXISTS (SELECT FROM mirror.year y WHERE y.client_id = o.client_id AND y.year = o.year)
)
DELETE FROM mirror.saldo o
 WHERE o.client_id = $1::bigint
   AND NOT EXISTS (SELECT FROM mirror.year y WHERE y.client_id = o.client_id AND y.year = o.year)
