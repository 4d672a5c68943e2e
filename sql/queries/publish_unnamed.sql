-- Accounts that saldo and openings are about to be published of, and that no list has told of; those of postings were looked
-- for when they were compared.
SELECT pg_catalog.count(*) AS unknown, pg_catalog.min(n.account_id) AS account_id
  FROM (SELECT s.account_id FROM stage_saldo s
         UNION
        SELECT o.account_id FROM stage_opening o WHERE o.balance_in <> 0) n
 WHERE NOT EXISTS (SELECT FROM mirror.account a WHERE a.client_id = $1::bigint AND a.account_id = n.account_id)
