-- finale: years, accounts, vouchers, postings.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

SELECT results_eq($$SELECT org_nr, year, start_date, end_date, complete, verified, differences FROM finale.year ORDER BY 1, 2$$,
    $$VALUES ('811126489', 2026, date '2026-01-01', date '2026-12-31', true, true, 0),
             ('811126489', 2027, date '2027-01-01', date '2027-12-31', true, true, 0),
             ('974760673', 2023, date '2022-07-01', date '2023-06-30', true, true, 0),
             ('974760673', 2024, date '2023-07-01', date '2024-06-30', true, true, 0)$$,
    'complete years are shown with their last day, others not at all');
SELECT results_eq($$SELECT year, (now() - fresh_as_of)::text FROM finale.year WHERE org_nr = '974760673' ORDER BY 1$$,
    $$VALUES (2023, '00:20:00'), (2024, '00:20:00')$$, 'a year is as fresh as the oldest top range that it touches');
UPDATE sync.range SET date_to = '2023-07-01' WHERE client_id = :fjord AND is_top AND date_from = '2022-07-01';
UPDATE sync.range SET date_from = '2023-07-01' WHERE client_id = :fjord AND is_top AND date_to = '2025-07-01';
SELECT results_eq($$SELECT year, (now() - fresh_as_of)::text FROM finale.year WHERE org_nr = '974760673' ORDER BY 1$$,
    $$VALUES (2023, '00:20:00'), (2024, '00:01:00')$$, 'a range that ends where the year begins does not count');
UPDATE sync.range SET confirmed_at = NULL WHERE client_id = :fjord AND is_top AND date_from = '2022-07-01';
SELECT is((SELECT fresh_as_of FROM finale.year WHERE client_id = :fjord AND year = 2023), NULL, 'a range never confirmed makes the year as fresh as nothing');
UPDATE mirror.year SET differences = 2 WHERE client_id = :fjord AND year = 2023;
SELECT results_eq($$SELECT verified, differences FROM finale.year WHERE org_nr = '974760673' AND year = 2023$$,
    $$VALUES (false, 2)$$, 'a year with differences is not verified');

SELECT results_eq($$SELECT account_number, account_name, is_balance_account, vat_code, currency FROM finale.account WHERE org_nr = '974760673' ORDER BY 1$$,
    $$VALUES ('1920', 'Bank', true, NULL, 'NOK'), ('2050', 'Egenkapital', true, NULL, 'NOK'), ('3000', 'Salg', false, '3', 'NOK')$$,
    'accounts, without those that are gone');

SELECT results_eq($$SELECT voucher_id, voucher_year, voucher_number, voucher_date, voucher_type, description FROM finale.voucher ORDER BY 1$$,
    $$VALUES (100::bigint, 2022, 1, date '2022-07-01', 'Faktura', 'first'), (101, 2023, 5, '2023-06-30', NULL, 'last'),
             (102, 2023, 6, '2023-08-15', NULL, 'year after')$$, 'vouchers of complete years');

SELECT results_eq($$SELECT org_nr, posting_id, voucher_year, voucher_number, posting_date, account_number, account_name, amount, vat_code
                      FROM finale.posting ORDER BY 1, 2$$,
    $$VALUES ('811126489', 1::bigint, NULL::int, NULL::int, date '2027-05-31', '1920', 'Bank', 9999999999.99, NULL),
             ('811126489', 2, NULL, NULL, '2027-05-31', NULL, NULL, -9999999999.99, NULL),
             ('974760673', 1, 2022, 1, '2022-07-01', '1920', 'Bank', 100, NULL),
             ('974760673', 2, 2022, 1, '2022-07-01', '3000', 'Salg', -100, '3'),
             ('974760673', 3, 2023, 5, '2023-06-30', '1920', 'Bank', 50.25, NULL),
             ('974760673', 4, 2023, 5, '2023-06-30', '3000', 'Salg', -50.25, '3'),
             ('974760673', 5, 2023, 6, '2023-08-15', '1920', 'Bank', 10, NULL),
             ('974760673', 6, 2023, 6, '2023-08-15', '3000', 'Salg', -10, NULL)$$,
    'postings of complete years, future ones too; a missing voucher or account hides none');
UPDATE mirror.year SET complete = true WHERE client_id = :fjord;
SELECT is((SELECT count(*) FROM finale.posting WHERE client_id = :fjord)::integer, 8, 'a year that becomes complete shows all at once');

INSERT INTO mirror.deleted_posting (client_id, posting_id, seen_gone_at, reason, version, voucher_id, posting_date, account_id, amount,
                                    voucher_year, voucher_number, account_number, account_name, vat_code)
VALUES (:fjord, 77, '2024-01-05 10:00+00', 'voucher_deleted', 3, 55, '2023-07-01', 4, 5, 2023, 9, '4000', 'As it was', '1'),
       (:fjord, 77, '2024-01-06 10:00+00', 'voucher_edited', 4, 55, '2023-07-01', 4, 6, 2023, 9, '4000', 'As it was', '1'),
       (:fjord, 78, '2024-01-05 10:00+00', 'voucher_deleted', 3, 55, '2021-07-01', 4, 5, 2021, 9, '4000', 'As it was', '1'),
       (:fjord, 3, '2024-01-05 10:00+00', 'voucher_edited', 3, 101, '2023-07-01', 4, 5, 2023, 9, '4000', 'As it was', '1');
SELECT results_eq($$SELECT posting_id, voucher_number, account_number, account_name, vat_code, amount, version, reason FROM finale.deleted_posting ORDER BY seen_gone_at$$,
    $$VALUES (77::bigint, 9, '4000', 'As it was', '1', 5::numeric, 3, 'voucher_deleted'), (77, 9, '4000', 'As it was', '1', 6, 4, 'voucher_edited')$$,
    'deleted postings keep what they said, each time they went; those of no complete year and those that are back are not shown');
SELECT throws_ok(format($$INSERT INTO mirror.deleted_posting (client_id, posting_id, seen_gone_at, reason, version, voucher_id, posting_date, account_id, amount)
                   VALUES (%s, 1, now(), 'moved', 0, 1, now(), 1, 1)$$, :fjord), '23514', NULL, 'there are two reasons to be gone');

INSERT INTO mirror.voucher_difference (client_id, voucher_id, year, difference, counted)
VALUES (:fjord, 100, 2023, 0.01, true), (:fjord, 999, 2024, -5, false);
SELECT results_eq($$SELECT year, voucher_id, voucher_number, difference, counted FROM finale.voucher_difference ORDER BY 1$$,
    $$VALUES (2023, 100::bigint, 1, 0.01, true), (2024, 999, NULL, -5, false)$$, 'vouchers that do not sum to 0');
SELECT throws_ok(format($$INSERT INTO mirror.year (client_id, year, start_date, next_start_date) VALUES (%s, 2030, '2030-01-01', %L)$$, :fjord, wrong),
    '23514', NULL, 'a year that ends on ' || wrong) FROM unnest(ARRAY['2030-01-01', '2032-12-02']) AS wrong;

SELECT columns_are('finale', 'year', ARRAY['org_nr', 'client_id', 'year', 'start_date', 'end_date', 'complete', 'verified', 'differences', 'fresh_as_of']);
SELECT columns_are('finale', 'account', ARRAY['org_nr', 'client_id', 'account_id', 'account_number', 'account_name', 'account_type', 'is_balance_account',
    'is_bank_account', 'is_closeable', 'requires_reconciliation', 'ledger_type', 'saft_code', 'grouping_code', 'vat_code', 'currency', 'is_inactive']);
SELECT columns_are('finale', 'voucher', ARRAY['org_nr', 'client_id', 'voucher_id', 'voucher_year', 'voucher_number', 'voucher_date', 'voucher_type',
    'description', 'reverse_voucher_id', 'version']);
SELECT columns_are('finale', 'posting', ARRAY['org_nr', 'client_id', 'posting_id', 'voucher_id', 'voucher_year', 'voucher_number', 'row', 'posting_date',
    'account_number', 'account_name', 'amount', 'amount_currency', 'amount_gross', 'amount_gross_currency', 'currency', 'description', 'vat_code',
    'customer_id', 'supplier_id', 'employee_id', 'department_id', 'project_id', 'product_id', 'invoice_number', 'term_of_payment', 'close_group_id',
    'posting_type', 'external_ref', 'system_generated', 'matched', 'version', 'dimension1_id', 'dimension2_id', 'dimension3_id', 'asset_id']);
SELECT bag_eq($$SELECT attname FROM pg_attribute WHERE attrelid = 'finale.deleted_posting'::regclass AND attnum > 0$$,
          ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = 'finale.posting'::regclass AND attnum > 0)
          || ARRAY['seen_gone_at', 'reason']::name[], 'deleted_posting has the columns of posting and two more');
SELECT is(ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = format('finale.%I', v)::regclass AND attnum <= 2 AND attnum > 0 ORDER BY attnum),
          ARRAY['org_nr', 'client_id'], v || ' begins with org_nr and client_id')
  FROM (SELECT relname AS v FROM pg_class WHERE relnamespace = 'finale'::regnamespace AND relkind = 'v') views;

SELECT * FROM finish();
ROLLBACK;
