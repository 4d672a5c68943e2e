-- Accounts of the sub-ledgers whose closing in year $3 of $1 is not the sum of the customers' or suppliers' postings up to
-- day $2: what lies before the horizon is in the account, and is in no posting.
SELECT pg_catalog.count(*) AS differing
  FROM (SELECT a.account_number, a.ledger_type = 'VENDOR' OR a.account_number ~ '^24' AS is_supplier
          FROM finale.account a
         WHERE a.org_nr = $1 AND (a.ledger_type IN ('CUSTOMER', 'VENDOR') OR a.account_number ~ '^(15|24)')) l
  JOIN finale.saldo_year s ON s.org_nr = $1 AND s.year = $3::integer AND s.account_number = l.account_number
 WHERE s.closing <> (SELECT coalesce(pg_catalog.sum(p.amount), 0)
                       FROM finale.posting p
                      WHERE p.org_nr = $1 AND p.account_number = l.account_number AND p.posting_date <= $2::date
                        AND CASE WHEN l.is_supplier THEN p.supplier_id ELSE p.customer_id END IS NOT NULL)
