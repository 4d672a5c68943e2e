-- Every customer named by a posting up to the end of the year, with opening and closing by account of the sub-ledger: the
-- postings mirrored before day $2, and those up to day $3. One row an account; no account where none is of the sub-ledger.
DECLARE part NO SCROLL CURSOR FOR
SELECT coalesce(m.customer_number, b.customer_id::text) AS party_number,
       coalesce(m.customer_name, m.customer_number, b.customer_id::text) AS party_name,
       m.organization_number,
       b.account_number,
       pg_catalog.round(b.opening, 2) AS opening,
       pg_catalog.round(b.closing, 2) AS closing
  FROM (SELECT p.customer_id, l.account_number,
               pg_catalog.sum(p.amount) FILTER (WHERE p.posting_date < $2::date) AS opening,
               pg_catalog.sum(p.amount) AS closing
          FROM finale.posting p
          LEFT JOIN (SELECT DISTINCT a.account_number FROM finale.account a
                      WHERE a.org_nr = $1 AND (a.ledger_type = 'CUSTOMER' OR a.account_number ~ '^15')) l
                 ON l.account_number = p.account_number
         WHERE p.org_nr = $1 AND p.customer_id IS NOT NULL AND p.posting_date <= $3::date
         GROUP BY p.customer_id, l.account_number) b
  LEFT JOIN finale.customer m ON m.org_nr = $1 AND m.customer_id = b.customer_id
 ORDER BY party_number, b.customer_id, b.account_number COLLATE "C" NULLS LAST
