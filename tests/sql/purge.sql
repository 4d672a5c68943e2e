-- Purging: nothing of a client is left anywhere, and nothing of another is touched.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

CREATE TEMP TABLE of_client AS
SELECT r.oid::regclass AS tab FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = 'client_id'
 WHERE r.relkind IN ('r', 'p') AND r.relnamespace IN ('bureau'::regnamespace, 'mirror'::regnamespace, 'sync'::regnamespace) AND NOT r.relispartition;
SELECT cmp_ok((SELECT count(*) FROM of_client)::integer, '>=', 23, 'the catalogue knows the tables of a client');

CREATE FUNCTION pg_temp.rows_of(client bigint) RETURNS TABLE (tab regclass, n bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR tab IN SELECT c.tab FROM of_client c LOOP
        EXECUTE format('SELECT count(*) FROM %s WHERE client_id = $1', tab) INTO n USING client;
        RETURN NEXT;
    END LOOP;
END
$$;

-- A row in every table that the books leave empty, for both clients; columns that must be filled get any value.
CREATE ROLE purge_reader IN ROLE saldod_reader;
SELECT bureau.grant_reader('purge_reader', '974760673'), bureau.grant_reader('purge_reader', '811126489') \g /dev/null
SELECT bureau.pull_now('974760673'), bureau.pull_now('811126489') \g /dev/null
INSERT INTO sync.token_state (token_id, client_id) VALUES ('t-fjord', :fjord), ('t-nordlys', :nordlys);
INSERT INTO sync.session (token_id, sealed_token, expires_at) VALUES ('t-fjord', 's', now()), ('t-nordlys', 's', now());
INSERT INTO sync.owner (token_id, instance, epoch, backend_pid) VALUES ('t-fjord', 'i', 1, 1), ('t-nordlys', 'i', 1, 1);
INSERT INTO sync.available_client (token_id, company_id) VALUES ('t-fjord', 1), ('t-nordlys', 1);
INSERT INTO sync.list (client_id, resource) VALUES (:fjord, 'ledger/account'), (:nordlys, 'ledger/account');
INSERT INTO sync.pull_history (client_id, duration_ms, outcome, requests, changes) VALUES (:fjord, 1, 'done', 1, 1), (:nordlys, 1, 'done', 1, 1);
SELECT bureau.add_group_member('Konsern', '974760673'), bureau.add_group_member('Konsern', '811126489') \g /dev/null
INSERT INTO sync.alert (client_id, kind) VALUES (:fjord, 'held'), (:nordlys, 'held');
INSERT INTO mirror.deleted_posting (client_id, posting_id, seen_gone_at, reason, version, voucher_id, posting_date, account_id, amount)
SELECT c, 1, now(), 'voucher_deleted', 0, 1, now(), 1, 1 FROM unnest(ARRAY[:fjord, :nordlys]) AS c;
INSERT INTO mirror.voucher_difference (client_id, voucher_id, year, difference) SELECT c, 1, 2026, 1 FROM unnest(ARRAY[:fjord, :nordlys]) AS c;
INSERT INTO bureau.sign_off (client_id, year, signed_at, publication) SELECT c, 2026, now(), 0 FROM unnest(ARRAY[:fjord, :nordlys]) AS c;
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT c.tab, c.client FROM (SELECT o.tab, b.client_id AS client FROM of_client o CROSS JOIN bureau.client b) c
              WHERE NOT EXISTS (SELECT FROM pg_temp.rows_of(c.client) r WHERE r.tab = c.tab AND r.n > 0) LOOP
        EXECUTE format('INSERT INTO %s (client_id, %s) VALUES (%s, %s)', t.tab,
            (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
              WHERE attrelid = t.tab AND attnum > 0 AND attnotnull AND NOT atthasdef AND attname <> 'client_id'),
            t.client,
            (SELECT string_agg(CASE atttypid WHEN 'date'::regtype THEN '''2026-01-01''' WHEN 'timestamptz'::regtype THEN '''2026-01-01'''
                                         WHEN 'bigint[]'::regtype THEN '''{1}''' ELSE '''1''' END, ', ' ORDER BY attnum) FROM pg_attribute
              WHERE attrelid = t.tab AND attnum > 0 AND attnotnull AND NOT atthasdef AND attname <> 'client_id'));
    END LOOP;
END
$$;
SELECT is_empty(format('SELECT tab FROM pg_temp.rows_of(%s) WHERE n = 0', c), 'every table holds something of client ' || c) FROM unnest(ARRAY[:fjord, :nordlys]) AS c;
CREATE TEMP TABLE other_before AS SELECT * FROM pg_temp.rows_of(:nordlys);

SELECT lives_ok($$SELECT bureau.purge_client('974760673')$$, 'a client is purged');
SELECT is_empty(format('SELECT tab, n FROM pg_temp.rows_of(%s) WHERE n > 0', :fjord), 'nothing of it is left');
SELECT results_eq(format('SELECT tab, n FROM pg_temp.rows_of(%s) ORDER BY tab', :nordlys), 'SELECT tab, n FROM other_before ORDER BY tab', 'nothing of the other is touched');
SELECT is((SELECT string_agg(token_id, ' ') FROM sync.session), 't-nordlys', 'the sessions of its own token are gone');
SELECT is((SELECT string_agg(token_id, ' ') FROM sync.owner), 't-nordlys', 'and its owner');
SELECT is((SELECT string_agg(token_id, ' ') FROM sync.available_client), 't-nordlys', 'and what it had access to');
SELECT lives_ok($$DELETE FROM bureau.client WHERE org_nr = '811126489'$$, 'a plain DELETE does as well');
SELECT is_empty(format('SELECT tab, n FROM pg_temp.rows_of(%s) WHERE n > 0', :nordlys), 'and leaves nothing either');
SELECT is(pg_temp.as_role('purge_reader', 'SELECT count(*) FROM finale.client'), '0', 'its confined reader now sees nothing, rather than all');

INSERT INTO sync.token_state (token_id, bureau_id) VALUES ('t-nord', :nord);
INSERT INTO sync.session (token_id, sealed_token, expires_at) VALUES ('t-nord', 's', now());
INSERT INTO sync.owner (token_id, instance, epoch, backend_pid) VALUES ('t-nord', 'i', 1, 1);
INSERT INTO sync.available_client (token_id, bureau_id, company_id) VALUES ('t-nord', :nord, 1);
SELECT lives_ok($$DELETE FROM bureau.bureau$$, 'a bureau without clients goes');
SELECT is((SELECT count(*) FROM sync.token_state)::integer + (SELECT count(*) FROM sync.session) + (SELECT count(*) FROM sync.owner)
          + (SELECT count(*) FROM sync.available_client), 0::bigint, 'with all that is known of its token');

SELECT * FROM finish();
ROLLBACK;
