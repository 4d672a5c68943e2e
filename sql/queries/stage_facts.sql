-- What the pull has to know of the changes before it goes on. A posting is astray where it is gone and what stays of its
-- voucher does not sum to 0: it may have moved to where nothing was read. All is new where nothing that was staged is in the
-- mirror, and nothing in the mirror is gone.
WITH lost AS (
    SELECT DISTINCT c.voucher_id FROM stage_change c WHERE c.new_date IS NULL
), kept AS (
    SELECT s.voucher_id, s.amount
      FROM lost l
      JOIN stage_posting s ON s.voucher_id = l.voucher_id
    UNION ALL
    SELECT p.voucher_id, p.amount
      FROM lost l
      JOIN mirror.posting p ON p.client_id = $1::bigint AND p.voucher_id = l.voucher_id
     WHERE NOT EXISTS (SELECT FROM stage_change c WHERE c.posting_id = p.posting_id)
       AND NOT EXISTS (SELECT FROM stage_posting s WHERE s.posting_id = p.posting_id)
)
SELECT pg_catalog.count(*) AS changes,
       pg_catalog.count(*) FILTER (WHERE c.new_date IS NULL) AS gone,
       EXISTS (SELECT FROM lost l
                 LEFT JOIN kept k ON k.voucher_id = l.voucher_id
                GROUP BY l.voucher_id
               HAVING coalesce(pg_catalog.sum(k.amount), 0) <> 0 OR pg_catalog.count(k.voucher_id) = 0) AS is_astray,
       (SELECT pg_catalog.count(*) - pg_catalog.count(DISTINCT posting_id) FROM stage_posting) AS doubles,
       pg_catalog.count(*) FILTER (WHERE c.old_date IS NULL) = (SELECT pg_catalog.count(*) FROM stage_posting)
       AND pg_catalog.count(c.old_date) = 0 AS is_all_new
  FROM stage_change c
