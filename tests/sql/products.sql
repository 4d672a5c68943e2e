-- What the Finale products read beyond saldo and postings, on books whose figures are known.
\ir fixture/begin.sql
\ir fixture/books.sql
\ir fixture/products.sql
SELECT * FROM no_plan();

-- Avstemming: open posts as of a date.
SELECT results_eq(format($$SELECT posting_id, amount, days_overdue, closed_later_on FROM finale.open_post_at('974760673', %L)$$, day), format($$VALUES %s$$, expected), 'open on ' || day)
  FROM (VALUES ('2023-08-19', $$(3::bigint, 77::numeric, 401, NULL::date)$$),
               ('2023-08-31', $$(3::bigint, 77::numeric, 413, NULL::date), (20, 1000, 6, '2023-09-01')$$),
               ('2023-09-01', $$(3::bigint, 77::numeric, 414, NULL::date)$$)) AS t (day, expected);
SELECT is_empty($$SELECT FROM finale.open_post_at('974760673', '2022-06-30')$$, 'nothing is known before the horizon');
-- The group is opened again, which is seen on 10 October: past days stand, later ones know of it.
UPDATE mirror.posting SET close_group_id = NULL WHERE client_id = :fjord AND close_group_id = 50;
UPDATE mirror.close_group SET gone_at = '2023-10-10 09:00+02' WHERE client_id = :fjord;
UPDATE mirror.close_group_posting SET gone_at = '2023-10-10 09:00+02' WHERE client_id = :fjord;
SELECT results_eq(format($$SELECT array_agg(posting_id ORDER BY posting_id)::text FROM finale.open_post_at('974760673', %L)$$, day), format($$VALUES (%L)$$, expected), 'after it was opened again: ' || day)
  FROM (VALUES ('2023-08-31', '{3,20}'), ('2023-09-30', '{3}'), ('2023-10-09', '{3}'), ('2023-10-10', '{3,20,24}'), ('2024-06-30', '{3,20,24}')) AS t (day, expected);
SELECT results_eq($$SELECT close_group_id, postings, amount_left, gone_at IS NOT NULL FROM finale.close_group WHERE org_nr = '974760673'$$, $$VALUES (50::bigint, 2::bigint, 0::numeric, true)$$, 'its history');
UPDATE mirror.posting SET close_group_id = 50 WHERE client_id = :fjord AND posting_id IN (20, 24);

-- Avstemming: sub-ledger, sheet, periods.
SELECT results_eq($$SELECT ledger, account_number, saldo, open_posts, difference, without_party, open_count FROM finale.subledger_proof WHERE org_nr = '974760673'$$,
    $$VALUES ('customer', '1500', 77::numeric, 77::numeric, 0::numeric, 0::numeric, 1::bigint)$$, 'sub-ledger = general ledger');
UPDATE mirror.open_post SET amount = 70 WHERE client_id = :fjord;
SELECT is((SELECT difference FROM finale.subledger_proof WHERE org_nr = '974760673'), 7::numeric, 'or the difference is shown');
UPDATE sync.range SET changed_at = '2023-09-03' WHERE client_id = :fjord AND is_top AND date_to = '2024-01-01';
SELECT results_eq($$SELECT account_number, balance_in, movement, balance_out, postings, last_changed_at, open_posts, open_amount FROM finale.reconciliation
                     WHERE org_nr = '974760673' AND month = '2023-09-01' ORDER BY 1$$,
    $$VALUES ('1250', 500::numeric, 0::numeric, 500::numeric, 0::bigint, timestamptz '2023-09-03', 0::bigint, 0::numeric),
             ('1500', 1077, -1000, 77, 1, '2023-09-03', 0, 0), ('1920', 1160.25, 1000, 2160.25, 1, '2023-09-03', 0, 0), ('2050', -1150.25, 0, -1150.25, 0, '2023-09-03', 0, 0)$$,
    'the sheet of an avstemming');
SELECT results_eq($$SELECT period_name, start_date, end_date, is_closed, closed_by, closed_at FROM finale.period WHERE org_nr = '974760673' ORDER BY start_date$$,
    $$VALUES ('2.2024', date '2023-08-01', date '2023-08-31', true, 'Kari Li', '2023-10-02'), ('3.2024', '2023-09-01', '2023-10-01', false, NULL, NULL)$$, 'periods');

-- Bankavstemming.
SELECT results_eq($$SELECT opening_balance_currency, movement_currency, closing_balance_currency, difference_currency, lines FROM finale.bank_statement WHERE org_nr = '974760673'$$,
    $$VALUES (1160.25, 950::numeric, 2110.25, 0::numeric, 2::bigint)$$, 'a statement and its lines');
SELECT results_eq($$SELECT month, closing_balance_currency, ledger_balance, is_closed, closed_by, matches FROM finale.bank_reconciliation WHERE org_nr = '974760673'$$,
    $$VALUES (date '2023-09-01', 2110.25, 2160.25, true, 'Kari Li', 1::bigint)$$, 'a reconciliation beside the ledger; suggestions do not count');
SELECT results_eq($$SELECT side, item_date, amount_currency, posting_id FROM finale.bank_unmatched WHERE org_nr = '974760673' AND item_date >= '2023-07-01' ORDER BY 1, 2$$,
    $$VALUES ('bank', date '2023-09-30', -50::numeric, NULL::bigint), ('ledger', '2023-08-15', NULL, 5)$$, 'unmatched on both sides');
SELECT is((SELECT count(*) FROM finale.bank_transaction WHERE org_nr = '974760673' AND account_number = '1920')::integer, 2, 'lines of the bank');

-- Avskrivninger, noter.
SELECT results_eq($$SELECT asset_name, account_number, acquisition_cost, book_value, depreciation_method FROM finale.asset WHERE org_nr = '974760673'$$,
    $$VALUES ('Benk', '1250', 600::numeric, 450::numeric, 'STRAIGHT_LINE')$$, 'the register of assets');
SELECT results_eq($$SELECT year, opening, additions, reductions, closing, account_closing, account_difference FROM finale.asset_movement WHERE org_nr = '974760673' ORDER BY 1$$,
    $$VALUES (2023, 500::numeric, 0::numeric, 0::numeric, 500::numeric, 0::numeric, -500::numeric), (2024, 500, 50, -100, 450, 450, 0)$$, 'roll-forward, tied to the account');

-- Aksjeoversikt: what was bought and sold, and what it stands at.
INSERT INTO mirror.account (client_id, account_id, version, number, name, ledger_type, is_closeable, requires_reconciliation) VALUES (:fjord, 12, 0, '1350', 'Aksjer', 'GENERAL', false, false);
INSERT INTO mirror.voucher (client_id, voucher_id, version, year, number, voucher_date) VALUES (:fjord, 210, 0, 2024, 30, '2023-10-03');
INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, posting_date, account_id, amount, amount_currency, description) VALUES
    (:fjord, 30, 0, 210, '2023-10-03', 12, 250.5, 250.5, '100 aksjer i Havbris AS'), (:fjord, 31, 0, 210, '2023-10-03', 1, -250.5, -250.5, '100 aksjer i Havbris AS');
INSERT INTO mirror.saldo (client_id, year, month, account_id, balance_change, postings_sum) VALUES (:fjord, 2024, '2023-10-01', 12, 250.5, 250.5);
SELECT results_eq($$SELECT posting_date, voucher_number, amount, description FROM finale.posting WHERE org_nr = '974760673' AND account_number BETWEEN '1300' AND '1399'$$,
    $$VALUES (date '2023-10-03', 30, 250.5, '100 aksjer i Havbris AS')$$, 'postings of investments');
SELECT is((SELECT closing FROM finale.saldo_year WHERE org_nr = '974760673' AND year = 2024 AND account_number = '1350'), 250.5, 'and their saldo');
DELETE FROM mirror.posting WHERE client_id = :fjord AND voucher_id = 210;
DELETE FROM mirror.saldo WHERE client_id = :fjord AND account_id = 12;

-- Perioderapporter, prognose, analyse.
SELECT results_eq($$SELECT year, month, account_number, budget, actual FROM finale.budget_month WHERE org_nr = '974760673'$$,
    $$VALUES (2024, date '2023-08-01', '3000', -900::numeric, -1010::numeric)$$, 'budget beside what was posted');
SELECT results_eq($$SELECT department_number, month, balance_change FROM finale.saldo_department_month WHERE org_nr = '974760673' AND account_number = '3000' AND year = 2024 ORDER BY 1$$,
    $$VALUES ('10', date '2023-08-01', -400::numeric), (NULL, '2023-08-01', -610)$$, 'by department, the rest too');
SELECT results_eq($$SELECT project_name, balance_change FROM finale.saldo_project_month WHERE org_nr = '974760673' AND project_id = 1$$, $$VALUES ('Kai', -400::numeric)$$, 'by project');
SELECT results_eq($$SELECT dimension_index, dimension_name, value_number, value_name, balance_change FROM finale.saldo_dimension_month WHERE org_nr = '974760673'$$,
    $$VALUES (2, 'Region', 'N', 'Nord', -400::numeric)$$, 'by free dimension');
SELECT is_empty($$SELECT account_number, month, year FROM finale.saldo_month m WHERE org_nr = '974760673' AND year = 2024 AND account_number IN ('1500', '1920', '3000')
                   AND balance_change <> coalesce((SELECT sum(d.balance_change) FROM finale.saldo_department_month d
                        WHERE d.client_id = m.client_id AND d.year = m.year AND d.month = m.month AND d.account_number = m.account_number), 0)$$, 'departments add up to the saldo');
SELECT results_eq($$SELECT key, value, unit FROM finale.key_figure WHERE org_nr = '974760673' AND year = 2024 AND key IN ('driftsinntekter', 'sum_eiendeler', 'egenkapitalandel', 'likviditetsgrad_1')
                     ORDER BY 1$$,
    $$VALUES ('driftsinntekter', 1010::numeric, 'currency'), ('egenkapitalandel', 100.00, 'percent'), ('likviditetsgrad_1', NULL, 'ratio'), ('sum_eiendeler', 2687.25, 'currency')$$, 'key figures');

-- Skatteoppgaver: by grouping code.
SELECT results_eq($$SELECT grouping_code, closing, accounts FROM finale.saldo_grouping_year WHERE org_nr = '974760673' AND year = 2024 AND grouping_code IS NOT NULL ORDER BY 1$$,
    $$VALUES ('1250', 450::numeric, 1::bigint), ('1500', 77, 1), ('3000', -1010, 1)$$, 'saldo by grouping code');

-- Kontantstrøm.
SELECT results_eq($$SELECT month, account_number, cash_change FROM finale.cash_flow_month WHERE org_nr = '974760673' AND year = 2024 ORDER BY 1$$,
    $$VALUES (date '2023-08-01', '3000', 10::numeric), ('2023-09-01', '1500', 1000)$$, 'cash by counter-account');

-- Konsern: twelve year-to-date columns, by currency, for the members that the reader may see.
SELECT results_eq($$SELECT currency, opening, ytd_1, ytd_2, ytd_3, ytd_12 FROM finale.group_saldo_month('Konsern') WHERE org_nr = '974760673' AND year = 2024 AND account_number = '1920'$$,
    $$VALUES ('NOK', 1150.25, 1150.25, 1160.25, 2160.25, 2160.25)$$, 'a member');
SELECT results_eq($$SELECT DISTINCT org_nr, currency FROM finale.group_saldo_month('Konsern') ORDER BY 1$$, $$VALUES ('811126489', 'EUR'), ('974760673', 'NOK')$$, 'all members');
CREATE ROLE p_fjord IN ROLE saldod_reader;
SELECT bureau.grant_reader('p_fjord', '974760673') \g /dev/null
SELECT is(pg_temp.as_role('p_fjord', $$SELECT string_agg(DISTINCT org_nr, ' ') FROM finale.group_saldo_month('Konsern')$$), '974760673', 'a confined reader sees his client only');
SELECT is(pg_temp.as_role('p_fjord', $$SELECT count(*) FROM finale.open_post_at('811126489', '2027-12-31')$$), '0', 'in open posts too');
CREATE ROLE p_admin IN ROLE saldod_admin;
SELECT is(pg_temp.as_role('p_admin', $$SELECT bureau.add_group_member('Annet', '974760673', 'SEK')$$), '', 'an administrator makes groups');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_group_member('Annet', '100000008')$$), '%is not registered as a client%', 'of clients');
SELECT throws_ok($$SELECT bureau.add_group_member('Annet', '974760673', 'kr')$$, '23514', NULL, 'with ISO codes');

-- Dokumentasjon.
SELECT results_eq($$SELECT voucher_number, kind, document_id FROM finale.voucher_document WHERE org_nr = '974760673'$$, $$VALUES (20, 'document', 900::bigint)$$, 'documents of vouchers');
SELECT is((SELECT count(*) FROM finale.non_posted_voucher WHERE org_nr = '974760673')::integer, 1, 'vouchers that are not posted');
SELECT is((SELECT first_name || ' ' || last_name FROM finale.employee WHERE org_nr = '974760673'), 'Kari Li', 'employees');

-- How the lists stand.
INSERT INTO sync.list (client_id, resource, variant, confirmed_at, asked_at, fault, state, row_count) VALUES
    (:fjord, 'asset', '', NULL, now(), '/asset: 403', 'refused', NULL), (:fjord, 'bank_match', '', NULL, now(), 'too large', 'split', NULL),
    (:fjord, 'bank_match', '1', '2024-01-02', now(), NULL, 'read', 3), (:fjord, 'bank_match', '2', '2024-01-01', now(), NULL, 'read', 4);
SELECT results_eq($$SELECT resource, state, fault, confirmed_at, rows FROM bureau.resource WHERE org_nr = '974760673' ORDER BY 1$$,
    $$VALUES ('asset', 'refused', '/asset: 403', NULL::timestamptz, NULL::bigint), ('bank_match', 'read', NULL, '2024-01-01', 7)$$, 'a refused list, and one in parts');
SELECT is((SELECT state FROM finale.client WHERE org_nr = '974760673'), (SELECT state FROM bureau.status WHERE org_nr = '974760673'), 'and no client is stale for it');

-- Every view and function says how it is asked, and the example runs.
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r WHERE r.relnamespace = 'finale'::regnamespace AND r.relkind = 'v' AND obj_description(r.oid, 'pg_class') !~ ' Example: SELECT .*;$'$$,
    'every view has an example');
SELECT lives_ok(substring(obj_description(r.oid, 'pg_class') FROM ' Example: (.*);$'), 'the example of finale.' || r.relname)
  FROM pg_class r WHERE r.relnamespace = 'finale'::regnamespace AND r.relkind = 'v';
SELECT columns_are('finale', 'saldo_department_month', ARRAY['org_nr', 'client_id', 'department_id', 'department_number', 'department_name', 'month', 'account_number', 'account_name', 'balance_change', 'year']);
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r WHERE r.relnamespace = 'finale'::regnamespace AND r.relkind = 'v' AND
    (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = r.oid AND attnum IN (1, 2)) <> ARRAY['org_nr', 'client_id']$$, 'every view begins with org_nr and client_id');

SELECT * FROM finish();
ROLLBACK;
