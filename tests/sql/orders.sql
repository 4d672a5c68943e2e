-- Orders: what each function writes, and what it refuses.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

SELECT bureau.pull_now('974760673') AS pull \gset
SELECT results_eq(format('SELECT client_id, kind, year, account, ordered_by, taken_at, done_at FROM sync."order" WHERE order_id = %s', :pull),
    format($$VALUES (%s::bigint, 'pull', NULL::int, NULL, 'postgres', NULL::timestamptz, NULL::timestamptz)$$, :fjord), 'pull_now');
SELECT bureau.resync('974760673') AS whole, bureau.resync('974760673', 2023) AS year, bureau.resync('974760673', account => '1920') AS account,
       bureau.resync(org_nr => '974760673', year => 2024, account => '3000') AS both \gset
SELECT results_eq(format('SELECT kind, year, account FROM sync."order" WHERE order_id IN (%s, %s, %s, %s) ORDER BY order_id', :whole, :year, :account, :both),
    $$VALUES ('resync', NULL::int, NULL), ('resync', 2023, NULL), ('resync', NULL, '1920'), ('resync', 2024, '3000')$$, 'resync: all, a year, an account, both');
SELECT alike(pg_temp.refusal($$SELECT bureau.resync('974760673', 1999)$$),
    'mirror.year.year: 1999 is no fiscal year of client 974760673 that is mirrored | Choose one of 2023, 2024, 2025,%', 'a year that is not mirrored');
SELECT alike(pg_temp.refusal($$SELECT bureau.resync('974760673', account => '9999')$$), 'mirror.account.number: client 974760673 has no account ''9999'' | %', 'an unknown account');

SELECT alike(pg_temp.refusal($$SELECT bureau.confirm_vanish('974760673')$$), 'nothing is held back for client 974760673%', 'nothing held, nothing to confirm');
UPDATE sync.client_state SET held_since = '2026-01-01 00:00+00', held_detail = '{"2024": 400}' WHERE client_id = :fjord;
INSERT INTO sync.held_posting (client_id, posting_id, voucher_id) VALUES (:fjord, 3, 101), (:fjord, 4, 101), (:nordlys, 1, 999);
SELECT bureau.confirm_vanish('974760673') AS vanish \gset
SELECT results_eq($$SELECT posting_id FROM sync.held_posting WHERE is_confirmed ORDER BY 1$$, $$VALUES (3::bigint), (4)$$,
    'all that is reported of the client is confirmed, and nothing of others');
INSERT INTO sync.held_posting (client_id, posting_id, voucher_id) VALUES (:fjord, 5, 102);
SELECT is((SELECT is_confirmed FROM sync.held_posting WHERE posting_id = 5), false, 'what is held later is not');
SELECT results_eq(format('SELECT kind, detail FROM sync."order" WHERE order_id = %s', :vanish),
    $$VALUES ('confirm_vanish', '{"held_since": "2026-01-01T00:00:00+00:00", "held_detail": {"2024": 400}}'::jsonb)$$, 'confirmed is what was reported, no more');

SELECT alike(pg_temp.refusal(format('SELECT bureau.%s(''100000008'')', f)), 'bureau.client.org_nr: ''100000008'' is not registered as a client | %bureau.client_list%',
             f || ' of a client that is not there')
  FROM unnest(ARRAY['pull_now', 'resync', 'confirm_vanish', 'purge_client']) AS f;
SELECT alike(pg_temp.refusal($$SELECT bureau.pull_now('974760674')$$), '%has a wrong control digit: the last digit would have to be 3 | %', 'a number that cannot be');
SELECT alike(pg_temp.refusal($$SELECT bureau.pull_now(NULL)$$), 'bureau.client.org_nr: NULL is empty%', 'no number');
UPDATE bureau.client SET enabled = false WHERE client_id = :nordlys;
SELECT alike(pg_temp.refusal($$SELECT bureau.pull_now('811126489')$$), 'bureau.client.enabled: client 811126489 is not pulled%Enable it first%', 'a disabled client');
UPDATE bureau.bureau SET enabled = false;
SELECT alike(pg_temp.refusal($$SELECT bureau.pull_now('974760673')$$), 'bureau.bureau.enabled: client 974760673 is not pulled%', 'a client of a disabled bureau');
SELECT throws_ok(format('INSERT INTO sync."order" (client_id, kind) VALUES (%s, ''dance'')', :fjord), '23514', NULL, 'there are three kinds of orders');

SELECT results_eq($$SELECT org_nr, kind, year, account, outcome, waiting IS NOT NULL, reason FROM bureau.order_list WHERE org_nr = '974760673' AND kind = 'resync' AND account = '3000'$$,
    $$VALUES ('974760673', 'resync', 2024, '3000', NULL::text, true, 'the client is not pulled while it or its bureau is disabled')$$, 'an order that waits is shown, and why');
UPDATE bureau.bureau SET enabled = true;
SELECT is((SELECT DISTINCT reason FROM bureau.order_list WHERE org_nr = '974760673'), 'no daemon runs', 'also where nobody is there to take it');
UPDATE sync."order" SET done_at = now(), outcome = 'done';
SELECT is_empty('SELECT FROM bureau.order_list WHERE waiting IS NOT NULL OR reason IS NOT NULL', 'what is done waits for nothing');
SELECT function_returns('bureau', 'add_bureau', ARRAY['text', 'text', 'text'], 'bigint');
SELECT function_returns('bureau', 'add_client', ARRAY['text', 'text', 'text', 'text'], 'bigint');
SELECT is(pg_get_function_arguments(oid), expected, 'parameters of ' || proname)
  FROM (VALUES ('add_bureau', 'name text, employee_token text, org_nr text DEFAULT ''%ORGNR%''::text'),
               ('add_client', 'org_nr text, name text, bureau text DEFAULT NULL::text, employee_token text DEFAULT NULL::text'),
               ('pull_now', 'org_nr text'), ('confirm_vanish', 'org_nr text'), ('purge_client', 'org_nr text'),
               ('resync', 'org_nr text, year integer DEFAULT NULL::integer, account text DEFAULT NULL::text'),
               ('grant_reader', 'role text, org_nr text')) AS t (fn, expected)
  JOIN pg_proc ON proname = fn AND pronamespace = 'bureau'::regnamespace;

SELECT * FROM finish();
ROLLBACK;
