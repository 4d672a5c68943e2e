-- Accounts and months that lose postings nobody has confirmed as gone, whose proof held before and would fail now: these
-- postings are hidden from us rather than deleted, for Tripletex still counts them.
WITH lost AS (
    SELECT DISTINCT m.year, m.month, m.month_from, m.month_to, d.account_id
      FROM stage_change c
      JOIN mirror.deleted_posting d ON d.client_id = $1::bigint AND d.posting_id = c.posting_id
                                   AND d.seen_gone_at >= pg_catalog.transaction_timestamp()
      JOIN stage_month m ON d.posting_date >= m.month_from AND d.posting_date < m.month_to
      JOIN mirror.year y ON y.client_id = $1::bigint AND y.year = m.year AND y.complete
     WHERE c.new_date IS NULL
       AND NOT EXISTS (SELECT FROM sync.held_posting h
                        WHERE h.client_id = $1::bigint AND h.posting_id = c.posting_id AND h.is_confirmed)
)
SELECT pg_catalog.count(*) AS broken
  FROM lost l
  LEFT JOIN stage_saldo s ON s.year = l.year AND s.month = l.month AND s.account_id = l.account_id
  LEFT JOIN mirror.saldo o ON o.client_id = $1::bigint AND o.year = l.year AND o.month = l.month AND o.account_id = l.account_id
 CROSS JOIN LATERAL (
        SELECT coalesce(pg_catalog.sum(p.amount), 0) AS amount
          FROM mirror.posting p
         WHERE p.client_id = $1::bigint AND p.account_id = l.account_id
           AND p.posting_date >= l.month_from AND p.posting_date < l.month_to) now
 WHERE coalesce(s.balance_change, 0) <> now.amount
   AND coalesce(o.balance_change, 0) = coalesce(o.postings_sum, 0)
