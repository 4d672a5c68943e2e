-- Vouchers touched by the changes whose postings do not sum to 0. Where new postings alone come to a voucher and sum to 0, its
-- difference stays what it was: a first load looks at next to none.
WITH touched AS (
    SELECT c.voucher_id
      FROM stage_change c
      JOIN stage_posting s ON s.posting_id = c.posting_id
     WHERE c.old_date IS NULL
     GROUP BY c.voucher_id
    HAVING pg_catalog.sum(s.amount) <> 0
    UNION
    SELECT c.voucher_id FROM stage_change c WHERE c.old_date IS NOT NULL
    UNION
    SELECT s.voucher_id FROM stage_change c JOIN stage_posting s ON s.posting_id = c.posting_id WHERE c.old_date IS NOT NULL
    UNION
    SELECT d.voucher_id
      FROM mirror.voucher_difference d
     WHERE d.client_id = $1::bigint AND EXISTS (SELECT FROM stage_change c WHERE c.voucher_id = d.voucher_id)
), sums AS MATERIALIZED (
    SELECT t.voucher_id, pg_catalog.sum(p.amount) AS difference
      FROM touched t
      JOIN mirror.posting p ON p.client_id = $1::bigint AND p.voucher_id = t.voucher_id
     GROUP BY t.voucher_id
    HAVING pg_catalog.sum(p.amount) <> 0
), gone AS (
    DELETE FROM mirror.voucher_difference d
     USING touched t
     WHERE d.client_id = $1::bigint AND d.voucher_id = t.voucher_id
       AND NOT EXISTS (SELECT FROM sums WHERE sums.voucher_id = d.voucher_id)
)
INSERT INTO mirror.voucher_difference AS d (client_id, voucher_id, year, difference)
SELECT $1::bigint, sums.voucher_id, y.year, sums.difference
  FROM sums
  JOIN mirror.voucher v ON v.client_id = $1::bigint AND v.voucher_id = sums.voucher_id
  JOIN LATERAL (SELECT y.year FROM mirror.year y
                 WHERE y.client_id = $1::bigint
                 ORDER BY v.voucher_date >= y.start_date AND v.voucher_date < y.next_start_date DESC, y.year
                 LIMIT 1) y ON true
ON CONFLICT (client_id, voucher_id) DO UPDATE
   SET year = excluded.year, difference = excluded.difference, outside = NULL
