-- Saldo as readers see it. Each view goes from client to complete year and reads that year aside, by the first
-- columns of the keys: whatever a query asks of org_nr, client_id or year is settled before anything is summed.
-- (OFFSET 0 has the dozen months worked out once a year of a client, not once a row.)
SET LOCAL ROLE saldod_daemon;

CREATE VIEW finale.saldo_month WITH (security_invoker = true) AS
SELECT c.org_nr,
       y.client_id,
       y.year,
       m.month,
       a.number AS account_number,
       a.name AS account_name,
       m.balance_in,
       m.balance_change,
       m.balance_in + m.balance_change AS balance_out
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
 CROSS JOIN LATERAL (
       SELECT used.account_id,
              calendar.month,
              coalesce(s.balance_change, 0) AS balance_change,
              used.balance_in + pg_catalog.sum(coalesce(s.balance_change, 0)) OVER before - coalesce(s.balance_change, 0) AS balance_in
         FROM (SELECT either.account_id, pg_catalog.sum(either.balance_in) AS balance_in
                 FROM (SELECT o.account_id, o.balance_in
                         FROM mirror.opening o
                        WHERE o.client_id = y.client_id AND o.year = y.year
                       UNION ALL
                       SELECT i.account_id, 0
                         FROM mirror.saldo i
                        WHERE i.client_id = y.client_id AND i.year = y.year) either
                GROUP BY either.account_id) used
        CROSS JOIN (SELECT (pg_catalog.date_trunc('month', y.start_date::timestamp) + pg_catalog.make_interval(months => n))::date AS month
                      FROM pg_catalog.generate_series(0, 35) AS n
                     WHERE pg_catalog.date_trunc('month', y.start_date::timestamp) + pg_catalog.make_interval(months => n)
                           < y.next_start_date::timestamp
                    OFFSET 0) calendar
         LEFT JOIN mirror.saldo s ON s.client_id = y.client_id AND s.year = y.year
                                 AND s.account_id = used.account_id AND s.month = calendar.month
       WINDOW before AS (PARTITION BY used.account_id ORDER BY calendar.month)) m
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = m.account_id
 WHERE m.balance_in <> 0 OR m.balance_change <> 0 OR m.balance_in + m.balance_change <> 0;
COMMENT ON VIEW finale.saldo_month IS
    'Saldo by account and month of every complete year, months to come included; left out where all three figures are 0.';
COMMENT ON COLUMN finale.saldo_month.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_month.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_month.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.saldo_month.month IS 'First day of the calendar month, also where the fiscal year begins or ends within it.';
COMMENT ON COLUMN finale.saldo_month.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.saldo_month.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.saldo_month.balance_in IS 'Saldo before the month, company currency, debit positive: IB of the year and the changes of its earlier months.';
COMMENT ON COLUMN finale.saldo_month.balance_change IS 'Change in the month as Tripletex says it, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_month.balance_out IS 'Saldo after the month, company currency; debit positive.';

CREATE VIEW finale.saldo_year WITH (security_invoker = true) AS
SELECT c.org_nr,
       y.client_id,
       y.year,
       a.number AS account_number,
       a.name AS account_name,
       t.opening,
       t.movement,
       t.opening + t.movement AS closing,
       CASE WHEN b.client_id IS NOT NULL THEN t.prior_closing END AS prior_closing
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  LEFT JOIN mirror.year b ON b.client_id = y.client_id AND b.next_start_date = y.start_date AND b.complete
 CROSS JOIN LATERAL (
       SELECT part.account_id,
              pg_catalog.sum(part.opening) AS opening,
              pg_catalog.sum(part.movement) AS movement,
              pg_catalog.sum(part.prior_closing) AS prior_closing
         FROM (SELECT o.account_id, o.balance_in AS opening, 0::numeric AS movement, 0::numeric AS prior_closing
                 FROM mirror.opening o
                WHERE o.client_id = y.client_id AND o.year = y.year
               UNION ALL
               SELECT s.account_id, 0, s.balance_change, 0
                 FROM mirror.saldo s
                WHERE s.client_id = y.client_id AND s.year = y.year
               UNION ALL
               SELECT o.account_id, 0, 0, o.balance_in
                 FROM mirror.opening o
                WHERE o.client_id = b.client_id AND o.year = b.year
               UNION ALL
               SELECT s.account_id, 0, 0, s.balance_change
                 FROM mirror.saldo s
                WHERE s.client_id = b.client_id AND s.year = b.year) part
        GROUP BY part.account_id) t
  LEFT JOIN mirror.account a ON a.client_id = y.client_id AND a.account_id = t.account_id
 WHERE t.opening <> 0 OR t.movement <> 0 OR t.opening + t.movement <> 0 OR t.prior_closing <> 0;
COMMENT ON VIEW finale.saldo_year IS
    'Saldo by account of every complete year; left out where all figures are 0.';
COMMENT ON COLUMN finale.saldo_year.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_year.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_year.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.saldo_year.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.saldo_year.account_name IS 'Name of the account.';
COMMENT ON COLUMN finale.saldo_year.opening IS 'IB: Tripletex''s saldo on the first day of the year, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_year.movement IS 'Change in the year as Tripletex says it, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_year.closing IS 'UB: opening and movement, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_year.prior_closing IS
    'UB of the fiscal year before, company currency, debit positive; null where that year is not mirrored, 0 where the account had none.';

CREATE VIEW finale.saldo_proof WITH (security_invoker = true) AS
SELECT c.org_nr,
       s.client_id,
       s.month,
       a.number AS account_number,
       s.balance_change AS saldo_change,
       s.postings_sum,
       s.balance_change - s.postings_sum AS difference
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.saldo s ON s.client_id = y.client_id AND s.year = y.year
  LEFT JOIN mirror.account a ON a.client_id = s.client_id AND a.account_id = s.account_id;
COMMENT ON VIEW finale.saldo_proof IS
    'The proof of every saldo: what Tripletex says of an account and month, beside the sum of the postings that are shown.';
COMMENT ON COLUMN finale.saldo_proof.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.saldo_proof.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.saldo_proof.month IS 'First day of the calendar month; twice where a fiscal year ends within it.';
COMMENT ON COLUMN finale.saldo_proof.account_number IS 'Account number, as text.';
COMMENT ON COLUMN finale.saldo_proof.saldo_change IS 'Change in the month by Tripletex''s own saldo, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_proof.postings_sum IS 'Sum of the postings of the month, company currency; debit positive.';
COMMENT ON COLUMN finale.saldo_proof.difference IS 'The first less the second: 0 where the saldo is proven.';

CREATE VIEW finale.voucher_difference WITH (security_invoker = true) AS
SELECT c.org_nr,
       d.client_id,
       d.year,
       d.voucher_id,
       v.year AS voucher_year,
       v.number AS voucher_number,
       v.voucher_date,
       d.difference,
       d.counted
  FROM bureau.client c
  JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
  JOIN mirror.voucher_difference d ON d.client_id = y.client_id AND d.year = y.year
  LEFT JOIN mirror.voucher v ON v.client_id = d.client_id AND v.voucher_id = d.voucher_id;
COMMENT ON VIEW finale.voucher_difference IS 'Vouchers of complete years whose postings do not sum to 0.';
COMMENT ON COLUMN finale.voucher_difference.org_nr IS 'Organisation number of the client.';
COMMENT ON COLUMN finale.voucher_difference.client_id IS 'The client, the same number in all views.';
COMMENT ON COLUMN finale.voucher_difference.year IS 'Name of the fiscal year.';
COMMENT ON COLUMN finale.voucher_difference.voucher_id IS 'Tripletex''s id of the voucher.';
COMMENT ON COLUMN finale.voucher_difference.voucher_year IS 'Year of the voucher number.';
COMMENT ON COLUMN finale.voucher_difference.voucher_number IS 'Number of the voucher within its year.';
COMMENT ON COLUMN finale.voucher_difference.voucher_date IS 'Date of the voucher.';
COMMENT ON COLUMN finale.voucher_difference.difference IS 'Sum of its postings, company currency; debit positive.';
COMMENT ON COLUMN finale.voucher_difference.counted IS
    'False for an opening-balance voucher, which need not sum to 0 and is no difference of the year.';

GRANT SELECT ON finale.saldo_month, finale.saldo_year, finale.saldo_proof, finale.voucher_difference
    TO saldod_reader, saldod_admin;

-- Months that ended by then count as Tripletex says them, so that the last day of a month agrees with
-- finale.saldo_month; only the days since are summed from postings.
CREATE FUNCTION finale.saldo_at(org_nr text, date date)
    RETURNS TABLE (account_number text, account_name text, saldo numeric)
    LANGUAGE sql STABLE PARALLEL SAFE SET search_path = ''
BEGIN ATOMIC
    WITH held AS (
        SELECT y.client_id, y.year, least(y.next_start_date, (m.month + interval '1 month')::date) - 1 <= saldo_at.date AS ended,
               m.month, greatest(y.start_date, m.month) AS since
          FROM bureau.client c
          JOIN mirror.year y ON y.client_id = c.client_id AND y.complete
         CROSS JOIN (SELECT pg_catalog.date_trunc('month', saldo_at.date::timestamp)::date AS month) m
         WHERE c.org_nr = saldo_at.org_nr
           AND saldo_at.date >= y.start_date AND saldo_at.date < y.next_start_date
    ), part AS (
        SELECT h.client_id, o.account_id, o.balance_in AS amount
          FROM held h
          JOIN mirror.opening o ON o.client_id = h.client_id AND o.year = h.year
        UNION ALL
        SELECT h.client_id, s.account_id, s.balance_change
          FROM held h
          JOIN mirror.saldo s ON s.client_id = h.client_id AND s.year = h.year
                             AND (s.month < h.month OR s.month = h.month AND h.ended)
        UNION ALL
        SELECT h.client_id, p.account_id, p.amount
          FROM held h
          JOIN mirror.posting p ON p.client_id = h.client_id AND NOT h.ended
                               AND p.posting_date >= h.since AND p.posting_date <= saldo_at.date
    ), total AS (
        SELECT part.client_id, part.account_id, pg_catalog.sum(part.amount) AS saldo
          FROM part
         GROUP BY part.client_id, part.account_id
    )
    SELECT a.number, a.name, t.saldo
      FROM total t
      LEFT JOIN mirror.account a ON a.client_id = t.client_id AND a.account_id = t.account_id
     WHERE t.saldo <> 0
     ORDER BY a.number;
END;
COMMENT ON FUNCTION finale.saldo_at(text, date) IS
    'Saldo by account at the end of that day, company currency, debit positive; result accounts since the first day of the fiscal year that holds it. Accounts with saldo 0 are left out; a day outside the complete years gives no row.';
GRANT EXECUTE ON FUNCTION finale.saldo_at(text, date) TO saldod_reader, saldod_admin;
