-- Word of a change after sign-off ($1 client, $2 organisation number): figures of a posting in a signed-off period are not as
-- they were, or its opening balance is not.
SELECT pg_catalog.pg_notify('finale_changed_after_sign_off', $2)
 WHERE EXISTS (
       SELECT FROM bureau.sign_off s
         JOIN mirror.year y ON y.client_id = s.client_id AND y.year = s.year
        CROSS JOIN LATERAL (SELECT least(y.next_start_date, (s.month + interval '1 month')::date) AS until) e
        WHERE s.client_id = $1::bigint
          AND (EXISTS (SELECT FROM stage_change c
                         LEFT JOIN mirror.posting p ON p.client_id = $1::bigint AND p.posting_id = c.posting_id
                         LEFT JOIN mirror.posting_history h ON h.client_id = $1::bigint AND h.posting_id = c.posting_id
                               AND h.valid_to = pg_catalog.current_setting('saldod.publication')::bigint
                        WHERE (p.posting_date >= y.start_date AND p.posting_date < e.until
                               OR h.posting_date >= y.start_date AND h.posting_date < e.until)
                          AND (p.amount, p.account_id, p.voucher_id, p.posting_date)
                              IS DISTINCT FROM (h.amount, h.account_id, h.voucher_id, h.posting_date))
               OR EXISTS (SELECT FROM mirror.opening o
                           WHERE o.client_id = $1::bigint AND o.year = s.year
                             AND o.valid_from = pg_catalog.current_setting('saldod.publication')::bigint)
               OR EXISTS (SELECT FROM mirror.opening_history o
                           WHERE o.client_id = $1::bigint AND o.year = s.year
                             AND o.valid_to = pg_catalog.current_setting('saldod.publication')::bigint)))
