-- What figures were before they changed, and what changed after a sign-off.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

-- As the daemon does it: the lock, a number, changes, the moment. Gives a moment after it.
CREATE FUNCTION pg_temp.publish(client bigint, VARIADIC changes text[]) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
    change text;
BEGIN
    PERFORM FROM sync.client_state s WHERE s.client_id = client FOR UPDATE;
    PERFORM mirror.begin_publication();
    FOREACH change IN ARRAY changes LOOP
        EXECUTE replace(change, '$1', client::text);
    END LOOP;
    PERFORM mirror.note_publication(client);
    RETURN clock_timestamp();
END
$$;

-- Tables keep their versions, and only versions.
SELECT is_empty($$SELECT t.name, a.attname FROM (VALUES ('posting'), ('voucher'), ('account'), ('vat_type'), ('saldo'), ('opening'), ('year')) AS t (name)
                    JOIN pg_attribute a ON a.attrelid = ('mirror.' || t.name)::regclass AND a.attnum > 0 AND NOT a.attisdropped
                   WHERE NOT EXISTS (SELECT FROM pg_attribute h WHERE h.attrelid = ('mirror.' || t.name || '_history')::regclass AND h.attname = a.attname
                                        AND h.atttypid = a.atttypid AND NOT h.attisdropped)
                      OR NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = a.attrelid AND g.tgname = 'keep_updated'
                                        AND position(quote_ident(a.attname) in encode(g.tgargs, 'escape')) > 0)$$,
                'every column has its history: a migration that adds one calls mirror.keep_history');
SELECT results_eq($$SELECT count(*)::integer FROM pg_inherits WHERE inhparent = 'mirror.posting_history'::regclass$$, ARRAY[11], 'in partitions for ten years, and one behind them');
SELECT lives_ok($$SELECT mirror.make_partitions(2026, 2027), mirror.make_partitions(2026, 2027)$$, 'which may be made again');
SELECT is((SELECT count(*) FROM mirror.posting_history)::integer + (SELECT count(*) FROM mirror.saldo_history)::integer, 0, 'what is loaded for the first time has no history');

CREATE TEMP TABLE noted_posting AS SELECT * FROM finale.posting WHERE org_nr = '974760673';
CREATE TEMP TABLE noted_saldo AS SELECT d::date AS day, s.* FROM generate_series(timestamp '2022-07-01', '2024-06-30', '1 week') AS d, finale.saldo_at('974760673', d::date) s;
SELECT clock_timestamp() AS first \gset

SELECT pg_temp.publish(:fjord,
    $$UPDATE mirror.posting SET amount = amount + 5, description = 'changed' WHERE client_id = $1 AND posting_id IN (1, 3)$$,
    $$UPDATE mirror.posting SET amount = amount - 5 WHERE client_id = $1 AND posting_id IN (2, 4)$$,
    $$UPDATE mirror.saldo SET balance_change = balance_change + sign(balance_change) * 5, postings_sum = postings_sum + sign(balance_change) * 5
       WHERE client_id = $1 AND year = 2023$$,
    $$UPDATE mirror.opening SET balance_in = balance_in + 10 * sign(balance_in) WHERE client_id = $1 AND year = 2024$$,
    $$UPDATE mirror.account SET name = 'Salgsinntekt', number = '3001' WHERE client_id = $1 AND account_id = 3$$,
    $$UPDATE mirror.vat_type SET number = '31' WHERE client_id = $1$$,
    $$UPDATE mirror.voucher SET number = 77 WHERE client_id = $1 AND voucher_id = 101$$) AS second \gset
CREATE TEMP TABLE noted_second AS SELECT * FROM finale.posting WHERE org_nr = '974760673';
SELECT bag_ne('SELECT * FROM noted_posting', 'SELECT * FROM noted_second', 'much changed');
SELECT bag_eq(format('SELECT * FROM finale.posting_as_of(%L, %L)', '974760673', :'first'), 'SELECT * FROM noted_posting', 'and is as it was, names and codes too');
SELECT bag_eq(format('SELECT d::date, s.* FROM generate_series(timestamp %L, %L, %L) AS d, finale.saldo_as_of(%L, d::date, %L) s',
                     '2022-07-01', '2024-06-30', '1 week', '974760673', :'first'), 'SELECT * FROM noted_saldo', 'and so is saldo on every day');

SELECT pg_temp.publish(:fjord,
    $$DELETE FROM mirror.posting WHERE client_id = $1 AND voucher_id = 102$$,
    $$DELETE FROM mirror.voucher WHERE client_id = $1 AND voucher_id = 102$$,
    $$DELETE FROM mirror.saldo WHERE client_id = $1 AND year = 2024$$,
    $$INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, posting_date, account_id, amount) VALUES ($1, 9, 0, 100, '2022-07-02', 1, 3), ($1, 10, 0, 100, '2022-07-02', 3, -3)$$,
    $$UPDATE mirror.posting SET amount = amount * 2 WHERE client_id = $1 AND posting_id = 9$$,
    $$DELETE FROM mirror.posting WHERE client_id = $1 AND posting_id = 10$$,
    $$UPDATE mirror.year SET complete = false WHERE client_id = $1 AND year = 2024$$) AS third \gset
SELECT bag_eq(format('SELECT * FROM finale.posting_as_of(%L, %L)', '974760673', :'second'), 'SELECT * FROM noted_second', 'rows that went are there as of before');
SELECT bag_eq(format('SELECT * FROM finale.posting_as_of(%L, %L)', '974760673', :'first'), 'SELECT * FROM noted_posting', 'whatever came after');
SELECT bag_eq(format('SELECT * FROM finale.posting_as_of(%L, %L)', '974760673', :'third'), $$SELECT * FROM finale.posting WHERE org_nr = '974760673'$$, 'and as of now it is as now');
SELECT bag_eq($$SELECT d, s.* FROM (VALUES (date '2022-07-01'), ('2023-06-30'), ('2024-06-30')) AS t (d), finale.saldo_as_of('974760673', d, clock_timestamp()) s$$,
              $$SELECT d, s.* FROM (VALUES (date '2022-07-01'), ('2023-06-30'), ('2024-06-30')) AS t (d), finale.saldo_at('974760673', d) s$$, 'saldo too');
SELECT is((SELECT count(*) FROM mirror.posting_history WHERE client_id = :fjord AND posting_id IN (9, 10))::integer, 0, 'what came and went in one publication was seen by nobody');
SELECT is_empty($$SELECT FROM finale.posting_as_of('974760673', '2000-01-01') EXCEPT SELECT FROM noted_posting$$, 'before all that is kept, what was there then');
SELECT is_empty($$SELECT FROM finale.posting_as_of('100000008', now())$$, 'a client that is not there has nothing');
SELECT is((SELECT count(*) FROM (SELECT published_at <= lag(published_at) OVER (ORDER BY publication) AS wrong FROM mirror.publication WHERE client_id = :fjord) p WHERE wrong)::integer,
          0, 'moments rise with their numbers');
SELECT is((SELECT count(*) FROM mirror.publication WHERE client_id = :nordlys)::integer, 0, 'the other client is not concerned');
CREATE TEMP TABLE before_nothing AS SELECT count(*) AS n FROM mirror.posting_history;
SELECT pg_temp.publish(:fjord, $$UPDATE mirror.posting SET amount = amount WHERE client_id = $1 AND false$$) \g /dev/null
SELECT is((SELECT count(*) FROM mirror.posting_history), (SELECT n FROM before_nothing), 'no change, no history');
SELECT set_config('saldod.publication', '', true) \g /dev/null
UPDATE mirror.account SET name = 'By hand' WHERE client_id = :nordlys AND account_id = 1;
SELECT is((SELECT count(*) FROM mirror.publication WHERE client_id = :nordlys)::integer, 1, 'a change by hand is a publication too');

-- Sign-off.
SELECT pg_temp.publish(:fjord, $$UPDATE mirror.year SET complete = true WHERE client_id = $1 AND year = 2024$$) \g /dev/null
CREATE ROLE s_admin LOGIN IN ROLE saldod_admin;
CREATE ROLE s_reader LOGIN IN ROLE saldod_reader;
CREATE ROLE s_other LOGIN IN ROLE saldod_reader;
SELECT bureau.grant_reader('s_other', '811126489');
SELECT matches(pg_temp.as_role('s_reader', $$SELECT finale.sign_off('974760673', 2023, 'Årsoppgjør')$$), 'permission denied', 'readers do not sign off');
SELECT is(pg_temp.as_role('s_admin', $$SELECT finale.sign_off('974760673', 2023, 'Årsoppgjør') <= clock_timestamp()$$), 'true', 'administrators do');
SELECT is(pg_temp.as_role('s_admin', $$SELECT finale.sign_off('974760673', 2023, 'Juli', month => '2022-07-31') <= clock_timestamp()$$), 'true', 'also months up to one');
SELECT matches(pg_temp.refusal($$SELECT finale.sign_off('974760673', 2025, '')$$), 'has no complete fiscal year 2025', 'of complete years');
SELECT matches(pg_temp.refusal($$SELECT finale.sign_off('974760673', 2023, '', '2023-07-01')$$), 'is not in fiscal year 2023', 'and of months in it');
SELECT is_empty('SELECT FROM finale.changed_since_sign_off', 'nothing has changed since');
SELECT pg_temp.publish(:fjord,
    $$UPDATE mirror.posting SET description = 'a text' WHERE client_id = $1 AND posting_id = 2$$,
    $$UPDATE mirror.posting SET amount = 200 WHERE client_id = $1 AND posting_id = 3$$,
    $$DELETE FROM mirror.posting WHERE client_id = $1 AND posting_id = 1$$,
    $$INSERT INTO mirror.posting (client_id, posting_id, version, voucher_id, posting_date, account_id, amount) VALUES ($1, 11, 0, 100, '2022-07-01', 1, 90)$$,
    $$UPDATE mirror.opening SET balance_in = 7 WHERE client_id = $1 AND year = 2023 AND account_id = 1$$) AS fourth \gset
SELECT results_eq($$SELECT account_number, voucher_id, voucher_number, old_amount, new_amount, difference FROM finale.changed_since_sign_off
                     WHERE month IS NULL ORDER BY voucher_id NULLS FIRST$$,
    $$VALUES ('1920', NULL::bigint, NULL::integer, 1000::numeric, 7::numeric, -993::numeric), ('1920', 100, 1, 111, 96, -15), ('1920', 101, 77, 55.25, 200, 144.75)$$,
    'what changed, with all of the voucher on that account; a text is no figure');
SELECT results_eq($$SELECT account_number, voucher_id, difference FROM finale.changed_since_sign_off WHERE month = '2022-07-01' ORDER BY voucher_id NULLS FIRST$$,
    $$VALUES ('1920', NULL::bigint, -993::numeric), ('1920', 100, -15)$$, 'within the months that were signed off');
SELECT is((SELECT count(*) FROM finale.changed_since_sign_off WHERE changed_at > signed_at AND changed_at <= :'fourth')::integer, 5, 'and when');
SELECT is(pg_temp.as_role('s_reader', 'SELECT count(*) FROM finale.changed_since_sign_off'), '5', 'readers see it');
SELECT is(pg_temp.as_role('s_other', 'SELECT count(*) FROM finale.changed_since_sign_off'), '0', 'those of other clients do not');
SELECT is(pg_temp.as_role('s_other', format('SELECT count(*) FROM finale.posting_as_of(%L, %L)', '974760673', :'first')), '0', 'nor what was');
SELECT is(pg_temp.as_role('s_reader', format('SELECT count(*) FROM finale.posting_as_of(%L, %L)', '974760673', :'first')), '6', 'which others do');
SELECT is(pg_temp.as_role('s_admin', $$SELECT finale.sign_off('974760673', 2023, 'Igjen') IS NOT NULL$$), 'true', 'signed off again');
SELECT is((SELECT count(*) FROM finale.changed_since_sign_off WHERE month IS NULL)::integer, 0, 'the last one counts');

-- A partition that is dropped takes what ended in its year, and nothing else.
SELECT lives_ok(format('DROP TABLE mirror.posting_history_%s', date_part('year', now())), 'a year can be dropped');
SELECT is((SELECT count(*) FROM mirror.posting_history)::integer, 0, 'and is gone');
SELECT lives_ok($$SELECT bureau.purge_client('974760673')$$, 'a purge');
SELECT is((SELECT count(*) FROM mirror.saldo_history)::integer + (SELECT count(*) FROM mirror.publication WHERE client_id = :fjord)::integer, 0, 'leaves no history');

SELECT * FROM finish();
ROLLBACK;
