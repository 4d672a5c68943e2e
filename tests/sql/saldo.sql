-- finale: saldo by month and year, its proof, saldo on a day.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

-- By month.
SELECT results_eq($$SELECT month, balance_in, balance_change, balance_out FROM finale.saldo_month
                     WHERE org_nr = '974760673' AND year = 2023 AND account_number = '1920' ORDER BY month$$,
    $$SELECT m::date, CASE m WHEN '2022-07-01' THEN 1000 ELSE 1100 END::numeric,
             CASE m WHEN '2022-07-01' THEN 100 WHEN '2023-06-01' THEN 50.25 ELSE 0 END,
             CASE m WHEN '2023-06-01' THEN 1150.25 ELSE 1100 END
        FROM generate_series(timestamp '2022-07-01', '2023-06-01', '1 month') AS m$$,
    'a row for each month of a deviating fiscal year, from IB onwards');
SELECT results_eq($$SELECT month, balance_in, balance_change, balance_out FROM finale.saldo_month
                     WHERE org_nr = '974760673' AND year = 2023 AND account_number = '2050' ORDER BY month$$,
    $$SELECT m::date, -1000::numeric, 0::numeric, -1000::numeric FROM generate_series(timestamp '2022-07-01', '2023-06-01', '1 month') AS m$$,
    'an account without any change stands in each month');
SELECT results_eq($$SELECT year, month, balance_in, balance_change, balance_out FROM finale.saldo_month
                     WHERE org_nr = '974760673' AND account_number = '3000' AND year = 2024 ORDER BY month$$,
    $$SELECT 2024, m::date, CASE m WHEN '2023-08-01' THEN 0 ELSE -10 END::numeric, CASE m WHEN '2023-08-01' THEN -10 ELSE 0 END::numeric, -10::numeric
        FROM generate_series(timestamp '2023-08-01', '2024-06-01', '1 month') AS m$$,
    'a result account begins the year at 0, and months with nothing but zeros are left out');
SELECT is_empty($$SELECT FROM finale.saldo_month WHERE org_nr = '974760673' AND year = 2025$$, 'a year that is not complete has no saldo');
SELECT results_eq($$SELECT year, month, account_number, balance_in, balance_change, balance_out FROM finale.saldo_month
                     WHERE org_nr = '811126489' AND account_number IS NULL AND month < '2027-07-01' ORDER BY month$$,
    $$VALUES (2027, date '2027-05-01', NULL, 0::numeric, -9999999999.99, -9999999999.99),
             (2027, '2027-06-01', NULL, -9999999999.99, 0, -9999999999.99)$$,
    'months to come are there, without opening balances and for an account without name');
SELECT is((SELECT count(*) FROM finale.saldo_month WHERE org_nr = '811126489')::integer, 16, 'and nothing else');
INSERT INTO mirror.saldo (client_id, year, month, account_id, balance_change, postings_sum) VALUES
    (:nordlys, 2026, '2026-03-01', 1, 5, 5), (:nordlys, 2026, '2026-04-01', 1, -5, -5);
SELECT results_eq($$SELECT month, balance_in, balance_change, balance_out FROM finale.saldo_month WHERE org_nr = '811126489' AND year = 2026 ORDER BY 1$$,
    $$VALUES (date '2026-03-01', 0::numeric, 5::numeric, 5::numeric), ('2026-04-01', 5, -5, 0)$$,
    'a month that comes back to 0 is the last one');

-- By year.
SELECT results_eq($$SELECT year, account_number, opening, movement, closing, prior_closing FROM finale.saldo_year WHERE org_nr = '974760673' ORDER BY 1, 2$$,
    $$VALUES (2023, '1920', 1000::numeric, 150.25, 1150.25, NULL::numeric), (2023, '2050', -1000, 0, -1000, NULL), (2023, '3000', 0, -150.25, -150.25, NULL),
             (2024, '1920', 1150.25, 10, 1160.25, 1150.25), (2024, '2050', -1150.25, 0, -1150.25, -1000), (2024, '3000', 0, -10, -10, -150.25)$$,
    'opening, movement, closing, and the closing of the fiscal year before');
SELECT results_eq($$SELECT year, account_number, opening, movement, closing, prior_closing FROM finale.saldo_year WHERE org_nr = '811126489' ORDER BY 1, 2$$,
    $$VALUES (2027, '1920', 0::numeric, 9999999999.99, 9999999999.99, 0::numeric), (2027, NULL, 0, -9999999999.99, -9999999999.99, 0)$$,
    'an account that had nothing the year before closed it at 0');
UPDATE mirror.year SET complete = false WHERE client_id = :fjord AND year = 2023;
SELECT results_eq($$SELECT year, account_number, prior_closing FROM finale.saldo_year WHERE org_nr = '974760673' ORDER BY 1, 2$$,
    $$VALUES (2024, '1920', NULL::numeric), (2024, '2050', NULL), (2024, '3000', NULL)$$, 'a year before that is not complete says nothing');
UPDATE mirror.year SET complete = true WHERE client_id = :fjord AND year = 2023;

-- The proof.
SELECT is((SELECT count(*) FROM finale.saldo_proof WHERE difference <> 0)::integer, 0, 'all is proven');
UPDATE mirror.saldo SET postings_sum = 9.5 WHERE client_id = :fjord AND year = 2024 AND account_id = 1;
SELECT results_eq($$SELECT org_nr, month, account_number, saldo_change, postings_sum, difference FROM finale.saldo_proof WHERE difference <> 0$$,
    $$VALUES ('974760673', date '2023-08-01', '1920', 10::numeric, 9.5, 0.5)$$, 'what does not hold is shown');
SELECT is((SELECT movement FROM finale.saldo_year WHERE org_nr = '974760673' AND year = 2024 AND account_number = '1920'), 10::numeric,
    'and saldo remains what Tripletex says');
SELECT is((SELECT count(*) FROM finale.saldo_proof WHERE org_nr = '974760673')::integer, 6, 'the proof is of complete years');

INSERT INTO mirror.opening_difference VALUES (:fjord, 2024, 1, 1150.25, 1150.26), (:fjord, 2025, 1, 1, 2);
SELECT results_eq($$SELECT org_nr, year, account_number, account_name, opening, prior_closing, difference FROM finale.opening_difference$$,
    $$VALUES ('974760673', 2024, '1920', 'Bank', 1150.25::numeric, 1150.26, -0.01)$$, 'an IB that is not last year''s UB is shown with its size, of complete years');
DELETE FROM mirror.opening_difference;

-- On a day.
SELECT results_eq($$SELECT * FROM finale.saldo_at('974760673', '2022-06-30')$$, $$SELECT ''::text, ''::text, 0::numeric WHERE false$$, 'before the horizon there is nothing');
SELECT results_eq(format($$SELECT account_number, saldo FROM finale.saldo_at('974760673', %L)$$, day), format($$VALUES %s$$, expected), 'saldo on ' || day)
  FROM (VALUES
    ('2022-07-01', $$('1920', 1100::numeric), ('2050', -1000), ('3000', -100)$$),
    ('2023-06-29', $$('1920', 1100::numeric), ('2050', -1000), ('3000', -100)$$),
    ('2023-06-30', $$('1920', 1150.25::numeric), ('2050', -1000), ('3000', -150.25)$$),
    ('2023-07-01', $$('1920', 1150.25::numeric), ('2050', -1150.25)$$),
    ('2023-08-14', $$('1920', 1150.25::numeric), ('2050', -1150.25)$$),
    ('2023-08-15', $$('1920', 1160.25::numeric), ('2050', -1150.25), ('3000', -10)$$),
    ('2024-06-30', $$('1920', 1160.25::numeric), ('2050', -1150.25), ('3000', -10)$$)) AS t (day, expected);
SELECT is_empty($$SELECT FROM finale.saldo_at('974760673', '2024-07-01')$$, 'a year that is not complete has no saldo on a day');
SELECT is_empty($$SELECT FROM finale.saldo_at('100000008', '2024-01-01')$$, 'nor has a client that is not there');
SELECT is_empty($$SELECT m.month, m.account_number, m.balance_out, s.saldo
                    FROM finale.saldo_month m
                    LEFT JOIN LATERAL finale.saldo_at(m.org_nr, (m.month + interval '1 month')::date - 1) s
                           ON s.account_number IS NOT DISTINCT FROM m.account_number
                   WHERE coalesce(s.saldo, 0) <> m.balance_out$$, 'at the end of each month it is balance_out');

-- A fiscal year that begins and ends within a month.
INSERT INTO bureau.client (org_nr, name, employee_token) VALUES ('100000008', 'Skjev', 't') RETURNING client_id AS skjev \gset
INSERT INTO mirror.year (client_id, year, start_date, next_start_date, complete) VALUES
    (:skjev, 2024, '2024-01-15', '2024-03-15', true), (:skjev, 2025, '2024-03-15', '2025-03-15', true);
INSERT INTO mirror.account (client_id, account_id, version, number) VALUES (:skjev, 1, 0, '1920');
INSERT INTO mirror.saldo (client_id, year, month, account_id, balance_change, postings_sum) VALUES
    (:skjev, 2024, '2024-01-01', 1, 1, 1), (:skjev, 2024, '2024-03-01', 1, 10, 10), (:skjev, 2025, '2024-03-01', 1, 100, 100);
INSERT INTO mirror.opening VALUES (:skjev, 2025, 1, 11);
INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, posting_date, account_id, amount) VALUES
    (:skjev, 1, 0, 1, '2024-01-15', 1, 1), (:skjev, 2, 0, 1, '2024-03-14', 1, 10), (:skjev, 3, 0, 1, '2024-03-15', 1, 100);
SELECT results_eq($$SELECT year, month, balance_in, balance_change, balance_out FROM finale.saldo_month WHERE org_nr = '100000008' AND month <= '2024-03-01' ORDER BY 1, 2$$,
    $$VALUES (2024, date '2024-01-01', 0::numeric, 1::numeric, 1::numeric), (2024, '2024-02-01', 1, 0, 1), (2024, '2024-03-01', 1, 10, 11),
             (2025, '2024-03-01', 11, 100, 111)$$, 'the month in which a fiscal year ends has a row of either year');
SELECT is((SELECT saldo FROM finale.saldo_at('100000008', day::date)), expected, 'saldo on ' || day)
  FROM (VALUES ('2024-01-15', 1::numeric), ('2024-03-13', 1), ('2024-03-14', 11), ('2024-03-15', 111), ('2024-12-31', 111)) AS t (day, expected);

SELECT columns_are('finale', 'saldo_month', ARRAY['org_nr', 'client_id', 'year', 'month', 'account_number', 'account_name', 'balance_in', 'balance_change', 'balance_out']);
SELECT columns_are('finale', 'saldo_year', ARRAY['org_nr', 'client_id', 'year', 'account_number', 'account_name', 'opening', 'movement', 'closing', 'prior_closing']);
SELECT columns_are('finale', 'saldo_proof', ARRAY['org_nr', 'client_id', 'month', 'account_number', 'saldo_change', 'postings_sum', 'difference', 'year']);
SELECT columns_are('finale', 'opening_difference', ARRAY['org_nr', 'client_id', 'year', 'account_number', 'account_name', 'opening', 'prior_closing', 'difference']);
SELECT throws_ok(format($$INSERT INTO mirror.saldo VALUES (%s, 2024, '2024-03-15', 1, 0, 0)$$, :skjev), '23514', NULL, 'a month is its first day');

SELECT * FROM finish();
ROLLBACK;
