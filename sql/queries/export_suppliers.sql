-- Every supplier named by a posting up to the end of the year, with opening and closing by account of the sub-ledger: the
-- postings mirrored before day $2, and those up to day $3. One row an account; no account where none is of the sub-ledger.
DECLARE part NO SCROLL CURSOR FOR
SELECT coalesce(m.supplier_number, b.supplier_id::text) AS party_number,
       coalesce(m.supplier_name, m.supplier_number, b.supplier_id::text) AS party_name,
       m.organization_number,
       b.account_number,
       pg_catalog.round(b.opening, 2) AS opening,
       pg_catalog.round(b.closing, 2) AS closing
  FROM (SELECT p.supplier_id, l.account_number,
               pg_catalog.sum(p.amount) FILTER (WHERE p.posting_date < $2::date) AS opening,
               pg_catalog.sum(p.amount) AS closing
          FROM finale.posting p
          LEFT JOIN (SELECT DISTINCT a.account_number FROM finale.account a
                      WHERE a.org_nr = $1 AND (a.ledger_type = 'VENDOR' OR a.account_number ~ '^24')) l
                 ON l.account_number = p.account_number
         WHERE p.org_nr = $1 AND p.supplier_id IS NOT NULL AND p.posting_date <= $3::date
         GROUP BY p.supplier_id, l.account_number) b
  LEFT JOIN finale.supplier m ON m.org_nr = $1 AND m.supplier_id = b.supplier_id
 ORDER BY party_number, b.supplier_id, b.account_number COLLATE "C" NULLS LAST
