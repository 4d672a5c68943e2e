-- The state of a client: each rule alone, the order of the rules, and what bureau.status says about it.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$SELECT state FROM finale.client WHERE org_nr = '974760673'$$;
CREATE FUNCTION pg_temp.said() RETURNS text LANGUAGE sql AS $$SELECT concat_ws(' | ', state, reason, remedy) FROM bureau.status WHERE org_nr = '974760673'$$;
UPDATE bureau.bureau SET employee_token = 'sealed:x';

-- From registration to fresh.
SELECT is(pg_temp.state(), 'waiting', 'no pull has begun');
SELECT is(pg_temp.said(), 'waiting | no pull has begun yet; no daemon runs | start the daemon: systemctl start saldod', 'without a daemon: start it');
INSERT INTO sync.instance (instance, version) VALUES ('here', '1');
SELECT is(pg_temp.said(), 'waiting | no pull has begun yet; no daemon uses its token at present | wait for the daemon', 'with a daemon: wait');
INSERT INTO sync.token_state (token_id, bureau_id) SELECT 'owned', c.bureau_id FROM bureau.client c WHERE c.org_nr = '974760673';
INSERT INTO sync.owner (token_id, instance, epoch, backend_pid) VALUES ('owned', 'here', 1, 1);
SELECT is((SELECT concat_ws(' | ', s.owner, s.reason) FROM bureau.status s WHERE s.org_nr = '974760673'), 'here | no pull has begun yet', 'the owner is named');
UPDATE sync.token_state SET budget_limit = 100, budget_remaining = 20, budget_reset_at = now() + interval '1 minute';
SELECT alike((SELECT s.reason FROM bureau.status s WHERE s.org_nr = '974760673'),
             'no pull has begun yet; it waits for the budget of its token: 20 of 100 requests are left until %', 'a budget that is used up is told');
UPDATE sync.token_state SET budget_remaining = 21;
SELECT is((SELECT s.reason FROM bureau.status s WHERE s.org_nr = '974760673'), 'no pull has begun yet', 'and not where enough is left');
UPDATE sync.token_state SET budget_remaining = 0, budget_reset_at = now() - interval '1 second';
SELECT is((SELECT s.reason FROM bureau.status s WHERE s.org_nr = '974760673'), 'no pull has begun yet', 'nor once it is full again');
UPDATE sync.owner SET released_at = now();
SELECT is((SELECT s.owner FROM bureau.status s WHERE s.org_nr = '974760673'), NULL, 'and not any more once it has given the token back');
DELETE FROM sync.owner;
DELETE FROM sync.token_state;
UPDATE sync.client_state SET first_pull_at = now(), loaded_rows = 12;
SELECT is(pg_temp.said(), 'loading | first load: 2 of 3 years complete, 0 % of the next, 12 rows read; no daemon uses its token at present | wait: each year is shown as soon as it is complete',
          'a year is not complete');
UPDATE sync.client_state SET failures = 1, last_error = 'cut off';
SELECT alike(pg_temp.said(), 'loading | first load: 2 of 3%; 1 pull(s) failed in a row, last with: cut off | see last_error%', 'loading in vain');
UPDATE sync.client_state SET failures = 0;
UPDATE mirror.year SET complete = true WHERE client_id = :fjord;
SELECT is(pg_temp.said(), 'fresh', 'fresh, and nothing to say');
SELECT results_eq($$SELECT org_nr, name, bureau, state, verified FROM finale.client ORDER BY org_nr$$,
    $$VALUES ('811126489', 'Nordlys ANS', NULL, 'fresh', true), ('974760673', 'Fjord Fisk AS', 'Nord', 'fresh', true)$$, 'finale.client');
SELECT results_eq($$SELECT org_nr, fresh_as_of FROM finale.client ORDER BY 1$$,
    $$SELECT org_nr, min(fresh_as_of) FROM finale.year GROUP BY 1 ORDER BY 1$$, 'a client is as fresh as its oldest visible year');

-- Stale: overdue by more than the larger of 60 s and twice the interval.
SELECT is(pg_temp.state(), 'fresh', 'due just now');
UPDATE sync.range SET due_interval = '10 seconds', confirmed_at = now() - interval '69 seconds' WHERE client_id = :fjord AND date_to = '2025-07-01';
SELECT is(pg_temp.state(), 'fresh', 'interval 10 s, overdue by 59 s');
UPDATE sync.range SET confirmed_at = now() - interval '71 seconds' WHERE client_id = :fjord AND date_to = '2025-07-01';
SELECT is(pg_temp.state(), 'stale', 'interval 10 s, overdue by 61 s');
UPDATE sync.range SET due_interval = '5 minutes', confirmed_at = now() - interval '14 minutes 59 seconds' WHERE client_id = :fjord AND date_to = '2025-07-01';
SELECT is(pg_temp.state(), 'fresh', 'interval 5 min, overdue by less than 10 min');
UPDATE sync.range SET confirmed_at = now() - interval '15 minutes 1 second' WHERE client_id = :fjord AND date_to = '2025-07-01';
SELECT is(pg_temp.state(), 'stale', 'interval 5 min, overdue by more');
SELECT alike(pg_temp.said(), 'stale | a part of it should have been asked again at % | see last_error, or pull at once: SELECT bureau.pull_now(''974760673'')', 'stale says since when');
UPDATE sync.instance SET seen_at = now() - interval '1 hour';
SELECT alike(pg_temp.said(), 'stale | % | see that the daemon runs%', 'and that no daemon is there');
UPDATE sync.range SET confirmed_at = NULL WHERE client_id = :fjord AND date_to = '2025-07-01';
SELECT is(pg_temp.state(), 'stale', 'a top range never confirmed is overdue');
UPDATE sync.range SET confirmed_at = now() WHERE client_id = :fjord AND is_top;
SELECT is(pg_temp.state(), 'fresh', 'ranges that are not top ranges do not count');
UPDATE sync.range SET is_top = false, due_interval = NULL WHERE client_id = :fjord;
SELECT alike(pg_temp.said(), 'stale | what is mirrored has not been confirmed; no daemon runs | %', 'without top ranges nothing is confirmed');
SELECT is((SELECT fresh_as_of FROM finale.client WHERE client_id = :fjord), NULL, 'nor is there a moment');
SELECT throws_ok(format('UPDATE sync.range SET is_top = true WHERE client_id = %s', :fjord), '23514', NULL, 'a top range has an interval');
SELECT throws_ok(format('UPDATE sync.range SET date_to = date_from WHERE client_id = %s', :fjord), '23514', NULL, 'a range holds a day');

-- Failing goes before stale.
UPDATE sync.client_state SET failures = 2, last_error = 'cut off', last_request_id = 'r-1' WHERE client_id = :fjord;
SELECT alike(pg_temp.said(), 'stale | what is mirrored has not been confirmed; no daemon runs; 2 pull(s) failed%', 'two failures are told');
UPDATE sync.client_state SET failures = 3 WHERE client_id = :fjord;
SELECT is(pg_temp.said(), 'failing | 3 pull(s) failed in a row, last with: cut off | see last_error; it is tried again at next_pull_at', 'three are failing');
UPDATE sync.client_state SET reason = 'because', remedy = 'do it' WHERE client_id = :fjord;
SELECT is(pg_temp.said(), 'failing | because | do it', 'the daemon knows better');
SELECT results_eq($$SELECT last_error, last_request_id, failures FROM bureau.status WHERE org_nr = '974760673'$$, $$VALUES ('cut off', 'r-1', 3)$$, 'error and request id');
UPDATE sync.client_state SET failures = 0, refused = true, reason = NULL, remedy = NULL WHERE client_id = :fjord;
SELECT is(pg_temp.said(), 'failing | Tripletex refuses the employee token | see in Tripletex that the key is active, and enter its value (not its id) again',
          'refused credentials are failing at once');
INSERT INTO sync.token_state (token_id, bureau_id, state, reason, remedy, last_error, last_request_id)
VALUES ('t', :nord, 'unreadable', 'sealed under another key', 'enter the token again', 'cannot unseal', 'r-2');
SELECT is(pg_temp.said(), 'failing | sealed under another key | enter the token again', 'a token that cannot be unsealed');
UPDATE sync.client_state SET last_error = NULL, last_request_id = NULL WHERE client_id = :fjord;
SELECT results_eq($$SELECT org_nr, last_error, last_request_id, token_state FROM bureau.status ORDER BY 1$$,
    $$VALUES ('811126489', 'cut off', NULL, 'new'), ('974760673', 'cannot unseal', 'r-2', 'unreadable')$$, 'errors of a token are told at those who use it');
UPDATE bureau.client SET employee_token = 'sealed:own' WHERE client_id = :fjord;
SELECT is((SELECT token_state FROM bureau.status WHERE org_nr = '974760673'), 'new', 'a client with its own token does not use the bureau''s');
UPDATE bureau.client SET employee_token = NULL WHERE client_id = :fjord;
DELETE FROM sync.token_state;

-- Loading goes before failing, waiting before loading, held before waiting, no_access before held, disabled first.
UPDATE mirror.year SET complete = false WHERE client_id = :fjord AND year = 2025;
SELECT alike(pg_temp.said(), 'loading | Tripletex refuses%', 'loading before failing, and the reason told');
DELETE FROM mirror.year WHERE client_id = :fjord;
SELECT is(pg_temp.state(), 'loading', 'no year known yet is loading');
SELECT is((SELECT verified FROM finale.client WHERE client_id = :fjord), false, 'and not verified');
UPDATE sync.client_state SET first_pull_at = NULL WHERE client_id = :fjord;
SELECT alike(pg_temp.said(), 'waiting | Tripletex refuses%', 'waiting before loading');
UPDATE sync.client_state SET held_since = now() WHERE client_id = :fjord;
SELECT alike(pg_temp.said(), 'held | postings vanished%| see held_detail;%SELECT bureau.confirm_vanish(''974760673'')', 'held before waiting');
UPDATE sync.client_state SET no_access = true WHERE client_id = :fjord;
SELECT alike(pg_temp.said(), 'no_access | the employee token has no access%Klienttilgang%', 'no_access before held');
UPDATE bureau.client SET enabled = false WHERE client_id = :fjord;
SELECT is(pg_temp.said(), 'disabled | switched off in bureau.client | UPDATE bureau.client SET enabled = true WHERE org_nr = ''974760673''', 'disabled before all');
UPDATE bureau.client SET source = 'config', owner = 'host-a' WHERE client_id = :fjord;
SELECT alike(pg_temp.said(), 'disabled | switched off:%file of host-a | put it back%', 'disabled by a file');
UPDATE bureau.client SET enabled = true, source = 'sql', owner = NULL WHERE client_id = :fjord;
UPDATE bureau.bureau SET enabled = false;
SELECT alike(pg_temp.said(), 'disabled | its bureau Nord is switched off | UPDATE bureau.bureau SET enabled = true WHERE name = ''Nord''', 'disabled with its bureau');
SELECT is((SELECT next_pull_at FROM bureau.status WHERE org_nr = '974760673'), NULL, 'and not pulled');

-- What does not depend on the state.
UPDATE bureau.client SET employee_token = 'open secret' WHERE client_id = :nordlys;
SELECT results_eq($$SELECT state, reason, remedy FROM bureau.status WHERE org_nr = '811126489'$$,
    $$VALUES ('fresh', 'token is still in the clear: no daemon has sealed it yet', 'let the daemon run: it seals the token at once')$$, 'a token in the clear is told');
UPDATE bureau.client SET employee_token = 'credential:nordlys' WHERE client_id = :nordlys;
SELECT is((SELECT reason FROM bureau.status WHERE org_nr = '811126489'), NULL, 'a credential is not in the clear');
UPDATE mirror.year SET differences = 2 WHERE client_id = :nordlys AND year = 2026;
SELECT results_eq($$SELECT state, reason, verified FROM bureau.status WHERE org_nr = '811126489'$$,
    $$VALUES ('fresh', '2 difference(s) between saldo and postings', false)$$, 'differences are told');
SELECT is((SELECT verified FROM finale.client WHERE org_nr = '811126489'), false, 'and no reader is told otherwise');
SELECT alike((SELECT remedy FROM bureau.status WHERE org_nr = '811126489'), 'see finale.saldo_proof, finale.voucher_difference and finale.opening_difference;%', 'with all that shows them');
INSERT INTO sync.list (client_id, resource, variant, fault, state) VALUES
    (:nordlys, 'digest', '', 'all alike', 'read'), (:nordlys, 'asset', '', 'no module', 'refused'), (:nordlys, 'asset', 'b', 'no module', 'refused');
SELECT is((SELECT reason FROM bureau.status WHERE org_nr = '811126489'),
    '2 difference(s) between saldo and postings; the checksums of Tripletex do not serve (all alike): everything is read in full; not read: asset (refused)',
    'beside checksums that do not serve and lists that are refused');
UPDATE mirror.year SET differences = 0 WHERE client_id = :nordlys;
SELECT alike((SELECT remedy FROM bureau.status WHERE org_nr = '811126489'), 'see why: SELECT * FROM bureau.resource WHERE org_nr = ''811126489''%', 'and where it is told why');
UPDATE mirror.year SET differences = 2 WHERE client_id = :nordlys AND year = 2026;
SELECT is((SELECT count(*) FROM finale.posting WHERE org_nr = '811126489')::integer, 2, 'the data of a client stay visible whatever its state');

-- What the tokens have access to, and the lists.
INSERT INTO sync.available_client (token_id, bureau_id, company_id, org_nr, name, seen_at) VALUES
    ('t1', :nord, 5, '974760673', 'FJORD FISK AS', now()), ('t0', :nord, 4, '974760673', 'OLD NAME', now() - interval '1 day'),
    ('t1', :nord, 6, '100000008', 'NOT OURS', now()), ('t2', NULL, 7, '811126489', 'NORDLYS', now());
SELECT results_eq($$SELECT org_nr, name, bureau, registered FROM bureau.available_client ORDER BY 1$$,
    $$VALUES ('100000008', 'NOT OURS', 'Nord', false), ('811126489', 'NORDLYS', NULL, true), ('974760673', 'FJORD FISK AS', 'Nord', true)$$, 'available clients');
SELECT results_eq($$SELECT org_nr, bureau, token FROM bureau.client_list ORDER BY 1$$,
    $$VALUES ('811126489', NULL, 'credential'), ('974760673', 'Nord', NULL)$$, 'the clients without tokens');
SELECT results_eq($$SELECT name, enabled, token, clients FROM bureau.bureau_list$$, $$VALUES ('Nord', false, 'sealed', 1::bigint)$$, 'the bureaus without tokens');

SELECT columns_are('finale', 'client', ARRAY['org_nr', 'client_id', 'name', 'bureau', 'state', 'fresh_as_of', 'verified']);
SELECT is(ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = 'bureau.status'::regclass AND attnum BETWEEN 1 AND 12 ORDER BY attnum),
          ARRAY['org_nr', 'name', 'bureau', 'state', 'reason', 'remedy', 'fresh_as_of', 'next_pull_at', 'last_error', 'last_request_id', 'postings', 'verified'],
          'bureau.status begins with the columns that were promised');

SELECT * FROM finish();
ROLLBACK;
