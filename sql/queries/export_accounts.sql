-- The chart of $1 with opening and closing of year $4 (from day $2 to day $3): every account there is, and every one that
-- has a figure or a posting though it is gone.
DECLARE part NO SCROLL CURSOR FOR
SELECT u.account_number,
       coalesce(pg_catalog.max(u.account_name), u.account_number) AS account_name,
       coalesce(pg_catalog.max(u.grouping_code), 'NA') AS grouping_code,
       coalesce(finale.grouping_category(pg_catalog.max(u.grouping_code)),
                finale.grouping_category(pg_catalog.left(u.account_number, 4)), 'NA') AS grouping_category,
       pg_catalog.max(u.grouping_code) IS NULL AS is_ungrouped,
       pg_catalog.round(pg_catalog.sum(u.opening), 2) AS opening,
       pg_catalog.round(pg_catalog.sum(u.closing), 2) AS closing
  FROM (SELECT a.account_number, a.account_name, nullif(a.grouping_code, '') AS grouping_code, 0::numeric AS opening, 0::numeric AS closing
          FROM finale.account a
         WHERE a.org_nr = $1
        UNION ALL
        SELECT coalesce(s.account_number, '0000'), s.account_name, NULL, s.opening, s.closing
          FROM finale.saldo_year s
         WHERE s.org_nr = $1 AND s.year = $4::integer
        UNION ALL
        SELECT DISTINCT coalesce(p.account_number, '0000'), p.account_name, NULL, 0::numeric, 0::numeric
          FROM finale.posting p
         WHERE p.org_nr = $1 AND p.posting_date >= $2::date AND p.posting_date <= $3::date) u
 GROUP BY u.account_number
 ORDER BY u.account_number COLLATE "C"
