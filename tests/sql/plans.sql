-- The views stay fast: what is asked of one client is read by index, for readers who are confined and those who are
-- not. Twenty clients of four years, 100 accounts and 2,000 postings each.
\ir fixture/begin.sql
SELECT * FROM no_plan();

SELECT bureau.add_bureau('Nord', 'sealed:token') AS nord \gset
INSERT INTO bureau.client (org_nr, name, bureau_id)
SELECT n::text, 'Client ' || n, :nord FROM generate_series(810000000, 810001000) AS n WHERE bureau.org_nr_fault(n::text) IS NULL ORDER BY n LIMIT 20;
INSERT INTO mirror.year (client_id, year, start_date, next_start_date, complete)
SELECT client_id, y, make_date(y, 1, 1), make_date(y + 1, 1, 1), true FROM bureau.client, generate_series(2023, 2026) AS y;
INSERT INTO mirror.account (client_id, account_id, version, number)
SELECT client_id, a, 0, (1000 + a * 50)::text FROM bureau.client, generate_series(1, 100) AS a;
INSERT INTO mirror.voucher (client_id, voucher_id, version, year, number, voucher_date)
SELECT client_id, v, 0, 2023 + v % 4, v, date '2023-01-01' + v * 17 % 1461 FROM bureau.client, generate_series(1, 1000) AS v;
INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, posting_date, account_id, amount)
SELECT client_id, voucher_id * 2 + r, 0, voucher_id, voucher_date, 1 + (voucher_id + r) % 100, 1 - 2 * r FROM mirror.voucher, generate_series(0, 1) AS r;
INSERT INTO mirror.opening (client_id, year, account_id, balance_in) SELECT client_id, y, a, a FROM bureau.client, generate_series(2023, 2026) AS y, generate_series(1, 40) AS a;
INSERT INTO mirror.saldo (client_id, year, month, account_id, balance_change, postings_sum)
SELECT client_id, y, make_date(y, m, 1), a, m, m FROM bureau.client, generate_series(2023, 2026) AS y, generate_series(1, 12) AS m, generate_series(1, 100) AS a;
ANALYZE mirror.year, mirror.account, mirror.voucher, mirror.posting, mirror.opening, mirror.saldo, bureau.client;
SELECT min(org_nr) AS one FROM bureau.client \gset
CREATE ROLE p_free IN ROLE saldod_reader;
CREATE ROLE p_confined IN ROLE saldod_reader;
SELECT bureau.grant_reader('p_confined', :'one') \g /dev/null

CREATE FUNCTION pg_temp.plan_of(role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line  text;
    lines text := '';
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    FOR line IN EXECUTE 'EXPLAIN (COSTS false) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RESET ROLE;
    RETURN lines;
END
$$;

SELECT matches(pg_temp.plan_of(role, format('SELECT sum(amount) FROM finale.posting WHERE org_nr = %L AND posting_date BETWEEN %L AND %L', :'one', '2024-03-01', '2024-03-31')),
               'posting_date_idx( on posting p)?\s+Index Cond: \(\(client_id = [yc].client_id\) AND [^\n]*posting_date >= ''2024-03-01''', 'postings of a month: ' || role)
  FROM unnest(ARRAY['p_free', 'p_confined']) AS role;
SELECT matches(pg_temp.plan_of(role, format('SELECT sum(amount) FROM finale.posting WHERE org_nr = %L AND account_number = %L', :'one', '1500')),
               'posting_account_idx', 'postings of an account: ' || role)
  FROM unnest(ARRAY['p_free', 'p_confined']) AS role;
SELECT doesnt_match(pg_temp.plan_of(role, format('SELECT * FROM finale.%I WHERE %s', relation, asked)), 'Seq Scan on (posting|saldo|opening|voucher) ', format('finale.%s where %s: %s', relation, asked, role))
  FROM unnest(ARRAY['p_free', 'p_confined']) AS role,
       unnest(ARRAY['posting', 'saldo_month', 'saldo_year', 'saldo_proof', 'voucher']) AS relation,
       unnest(ARRAY[format('org_nr = %L', :'one'), 'client_id = 3']) AS asked;
SELECT matches(pg_temp.plan_of('p_free', format('SELECT * FROM finale.%I WHERE org_nr = %L AND year = 2024', relation, :'one')),
               '(year = 2024|2024 = year)', 'the year is asked for below the sums: finale.' || relation)
  FROM unnest(ARRAY['saldo_month', 'saldo_year']) AS relation;
-- What sums postings of a year reads that year of that client by index, and nothing of others.
SELECT doesnt_match(pg_temp.plan_of(role, format('SELECT * FROM finale.%I WHERE org_nr = %L AND year = 2024', relation, :'one')), 'Seq Scan on (posting|saldo|opening|voucher) ',
                    format('finale.%s of a year: %s', relation, role))
  FROM unnest(ARRAY['p_free', 'p_confined']) AS role,
       unnest(ARRAY['saldo_department_month', 'saldo_project_month', 'saldo_dimension_month', 'saldo_grouping_year', 'reconciliation', 'key_figure', 'cash_flow_month',
                    'asset_movement', 'budget_month']) AS relation;
SELECT doesnt_match(pg_temp.plan_of('p_free', format('SELECT * FROM finale.%I WHERE org_nr = %L', relation, :'one')), 'Seq Scan on (posting|saldo|opening|voucher) ', 'finale.' || relation)
  FROM unnest(ARRAY['subledger_proof', 'bank_unmatched', 'bank_reconciliation', 'voucher_document', 'close_group', 'period']) AS relation;
SELECT is((SELECT count(*) FROM finale.saldo_month WHERE org_nr = :'one')::integer, 4800, 'while all months are there');
SELECT is(pg_temp.as_role('p_confined', 'SELECT count(*) FROM finale.posting'), '2000', 'and a confined reader sees his client');

SELECT * FROM finish();
ROLLBACK;
