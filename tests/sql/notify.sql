-- What is announced, as a listening session hears it. Notifications come with a commit, so this test commits, and
-- removes again what it made.
\set QUIET 1
\pset format unaligned
\pset tuples_only true
SET search_path = tap;
\set heard `mktemp /tmp/saldod-heard.XXXXXX`
LISTEN saldod_registry;
LISTEN saldod_order;
LISTEN finale_changed;

\o :heard
SELECT bureau.add_bureau('Heard', 'token');
\qecho -- client
SELECT bureau.add_client('974760673', 'Heard', 'Heard');
\qecho -- rename
UPDATE bureau.client SET name = 'Heard again' WHERE org_nr = '974760673';
\qecho -- interval
UPDATE bureau.client SET pull_interval = '1 minute' WHERE org_nr = '974760673';
\qecho -- held
UPDATE sync.client_state SET held_since = now(), reason = 'gone' WHERE client_id = (SELECT client_id FROM bureau.client WHERE org_nr = '974760673');
\qecho -- failed once
UPDATE sync.client_state SET failures = 1, next_pull_at = now() WHERE client_id = (SELECT client_id FROM bureau.client WHERE org_nr = '974760673');
\qecho -- failing and released
BEGIN;
UPDATE sync.client_state SET failures = 3 WHERE client_id = (SELECT client_id FROM bureau.client WHERE org_nr = '974760673');
UPDATE sync.client_state SET held_since = NULL WHERE client_id = (SELECT client_id FROM bureau.client WHERE org_nr = '974760673');
COMMIT;
\qecho -- order
SELECT bureau.pull_now('974760673');
\qecho -- purge
SELECT bureau.purge_client('974760673');
\qecho -- gone
DELETE FROM bureau.bureau WHERE name = 'Heard';
\o

\set said `sed -nE 's/^-- //p; s/^Asynchronous notification "([a-z_]+)"( with payload "([0-9]+)")?.*/\1=\3/p' :heard | sed 's/saldod_order=.*/saldod_order/' | tr '\n' ' '; rm -f :heard`
SELECT plan(1);
SELECT is(:'said'::text, 'saldod_registry= client finale_changed=974760673 saldod_registry= rename '
                   'finale_changed=974760673 saldod_registry= interval saldod_registry= held finale_changed=974760673 failed once '
                   'failing and released finale_changed=974760673 order saldod_order purge finale_changed=974760673 '
                   'saldod_registry= gone saldod_registry= '::text,
          'each change is announced once, to the daemon and, where readers see it, to them');
SELECT * FROM finish();
