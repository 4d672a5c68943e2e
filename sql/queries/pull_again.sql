-- The fiscal years that a resync of a part reads again: the year $2 (null = all), where the account $3 (null = any) has
-- postings or a saldo.
SELECT y.year
  FROM mirror.year y
 WHERE y.client_id = $1::bigint AND y.complete
   AND ($2::integer IS NULL OR y.year = $2::integer)
   AND ($3::text IS NULL
        OR EXISTS (SELECT FROM mirror.account a
                     JOIN mirror.posting p ON p.client_id = a.client_id AND p.account_id = a.account_id
                                          AND p.posting_date >= y.start_date AND p.posting_date < y.next_start_date
                    WHERE a.client_id = y.client_id AND a.number = $3::text)
        OR EXISTS (SELECT FROM mirror.account a
                     JOIN mirror.saldo s ON s.client_id = a.client_id AND s.account_id = a.account_id AND s.year = y.year
                    WHERE a.client_id = y.client_id AND a.number = $3::text))
 ORDER BY y.year
