-- Bureaus and clients: what is taken, what is refused, and in which words.
\ir fixture/begin.sql
SELECT * FROM no_plan();

-- Organisation numbers.
SELECT is(bureau.org_nr_fault('974760673'), NULL, 'a valid number has no fault');
SELECT is(bureau.org_nr_fault('811126489'), NULL, 'another valid number has no fault');
SELECT is(bureau.org_nr_fault('100000008'), NULL, 'control digit 8 of 10000000');
SELECT is(bureau.org_nr_fault('974760674'), 'has a wrong control digit: the last digit would have to be 3', 'the right digit is told');
SELECT alike(bureau.org_nr_fault('100000300'), 'has no valid control digit: no organisation number begins with 10000030',
            'a control digit of 10 does not exist');
SELECT is(bureau.org_nr_fault('000000000'), NULL, 'remainder 0 gives control digit 0');
SELECT alike(bureau.org_nr_fault(bad), 'is not nine digits%', 'not nine digits: ' || quote_literal(bad))
  FROM unnest(ARRAY['97476067', '9747606731', '974 760 673', '97476067X', E'974760673\n', '９７４７６０６７３']) AS bad;
SELECT alike(bureau.org_nr_fault(''), 'is empty%', 'an empty number');
SELECT alike(bureau.org_nr_fault(NULL), 'is empty%', 'no number');
SELECT is(bureau.org_nr_setting_fault(good), NULL, 'setting ' || coalesce(quote_literal(good), 'null'))
  FROM unnest(ARRAY[NULL, '', '%ORGNR%', '974760673']) AS good;
SELECT isnt(bureau.org_nr_setting_fault('%orgnr%'), NULL, 'the placeholder is written in capitals');

-- Tokens.
SELECT is(bureau.token_fault(good), NULL, 'a token is taken: ' || good)
  FROM unnest(ARRAY['eyJ0b2tlbklkIjo=', 'credential:regnskap-nord', 'sealed:AbC=', 'test-eyJ0']) AS good;
SELECT isnt(bureau.token_fault(bad), NULL, 'a token is refused')
  FROM unnest(ARRAY['', '  ', E'abc\n', E'a\tb', E'a\u0085b', ' abc', 'abc ', 'credential:', 'credential:../x', 'sealed:', repeat('x', 8193)]) AS bad;
SELECT ok(pg_temp.refusal($$SELECT bureau.add_bureau('Nord', E'hemmelig\nhemmelig')$$)
          LIKE 'bureau.bureau.employee_token: the token of bureau ''Nord'' contains a control character%' , 'the message names table, column and rule');
SELECT ok(pg_temp.refusal($$SELECT bureau.add_bureau('Nord', E'hemmelig\nhemmelig')$$) NOT LIKE '%hemmelig%', 'and never the token');

-- Bureaus.
SELECT lives_ok($$SELECT bureau.add_bureau('Nord', 'token')$$, 'a bureau is added');
SELECT results_eq($$SELECT name, employee_token, org_nr, enabled, source, owner FROM bureau.bureau$$,
                  $$VALUES ('Nord', 'token', '%ORGNR%', true, 'sql', NULL)$$, 'with its defaults');
SELECT bureau.add_bureau(name => 'Sør', employee_token => 'token', org_nr => '') AS made \gset
SELECT is((SELECT bureau_id FROM bureau.bureau WHERE name = 'Sør'), :made::bigint, 'named notation works and the id is returned');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_bureau('Nord', 'other')$$), 'bureau.bureau.name: ''Nord'' is registered already | %', 'a duplicate by function');
SELECT alike(pg_temp.refusal($$INSERT INTO bureau.bureau (name, employee_token) VALUES ('Nord', 'other')$$),
            '%"bureau.bureau.name registered already: update that row"%', 'a duplicate by INSERT');
SELECT alike(pg_temp.refusal($$INSERT INTO bureau.bureau (name) VALUES ('Vest')$$), '%employee_token: the token of bureau ''Vest'' is missing | Enter%', 'no token');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_bureau(' ', 'token')$$), 'bureau.bureau.name: '' '' is blank | %', 'a blank name');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_bureau('Vest', 'token', '974760674')$$),
            'bureau.bureau.org_nr: ''974760674'' has a wrong control digit: the last digit would have to be 3 | Use%', 'a wrong setting');

-- Clients.
SELECT bureau.add_client(org_nr => '974760673', name => 'Fjord', bureau => 'Nord') AS made \gset
SELECT is((SELECT client_id FROM bureau.client WHERE org_nr = '974760673'), :made::bigint, 'a client of a bureau is added');
SELECT isnt(bureau.add_client('811126489', 'Nordlys', employee_token => 'own'), NULL, 'a single company is added');
SELECT is((SELECT count(*) FROM sync.client_state)::integer, 2, 'each has its state');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_client('974760673', 'Again', 'Nord')$$),
            'bureau.client.org_nr: ''974760673'' is registered already | Change that row%', 'a duplicate by function');
SELECT alike(pg_temp.refusal($$INSERT INTO bureau.client (org_nr, name, employee_token) VALUES ('974760673', 'x', 'y')$$),
            '%"bureau.client.org_nr registered already: update that row"%', 'a duplicate by INSERT');
SELECT lives_ok($$INSERT INTO bureau.client (org_nr, name, employee_token) VALUES ('974760673', 'x', 'y') ON CONFLICT (org_nr) DO NOTHING$$,
                'which may also be passed over');
SELECT alike(pg_temp.refusal($$INSERT INTO bureau.client (org_nr, name, employee_token) VALUES ('974760674', 'x', 'y')$$),
            'bureau.client.org_nr: ''974760674'' has a wrong control digit: the last digit would have to be 3 | Look%', 'a wrong number');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_client('100000008', 'x', 'Nowhere')$$),
            'bureau.client.bureau_id: there is no bureau named ''Nowhere''%add_bureau%', 'a bureau that does not exist, by name');
SELECT alike(pg_temp.refusal($$INSERT INTO bureau.client (org_nr, name, bureau_id) VALUES ('100000008', 'x', -1)$$),
            'bureau.client.bureau_id: there is no bureau -1%add_bureau%', 'and by number');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_client('100000008', 'x')$$),
            'bureau.client.bureau_id: client 100000008 has neither a bureau nor a token%', 'neither bureau nor token');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_client('100000008', '', 'Nord')$$), 'bureau.client.name: '''' is blank%', 'no name');
SELECT alike(pg_temp.refusal($$SELECT bureau.add_client('100000008', 'x', NULL, '')$$),
            'bureau.client.employee_token: the token of client 100000008 is blank%', 'a blank token');
SELECT alike(pg_temp.refusal($$UPDATE bureau.client SET org_nr_setting = '12' WHERE org_nr = '974760673'$$),
            'bureau.client.org_nr_setting: ''12'' is not nine digits%', 'a wrong setting');
SELECT alike(pg_temp.refusal(format($$UPDATE bureau.client SET pull_interval = %L$$, bad)),
            'bureau.client.pull_interval: % is not between 1 second and 30 days%', 'pull_interval ' || bad)
  FROM unnest(ARRAY['0.9 seconds', '30 days 1 second', '-1 hour']) AS bad;
SELECT lives_ok(format($$UPDATE bureau.client SET pull_interval = %L$$, good), 'pull_interval ' || good)
  FROM unnest(ARRAY['1 second', '30 days']) AS good;
SELECT alike(pg_temp.refusal($$UPDATE bureau.client SET source = 'file'$$), 'bureau.client.source: ''file'' is neither%', 'an unknown source');
SELECT alike(pg_temp.refusal($$UPDATE bureau.client SET source = 'config'$$), 'bureau.client.owner: NULL does not fit%', 'a file without owner');
SELECT alike(pg_temp.refusal($$UPDATE bureau.bureau SET owner = 'host'$$), 'bureau.bureau.owner: ''host'' does not fit%', 'an owner without file');

-- Changes of what is there.
SELECT alike(pg_temp.refusal($$DELETE FROM bureau.bureau WHERE name = 'Nord'$$),
            'bureau.bureau.bureau_id: bureau ''Nord'' still has 1 client(s) | %purge_client%', 'a bureau with clients stays');
SELECT lives_ok($$DELETE FROM bureau.bureau WHERE name = 'Sør'$$, 'one without may go');
SELECT lives_ok($$UPDATE bureau.client SET org_nr = '100000008' WHERE org_nr = '811126489'$$, 'a number may be corrected');
INSERT INTO mirror.year (client_id, year, start_date, next_start_date)
SELECT client_id, 2026, '2026-01-01', '2027-01-01' FROM bureau.client WHERE org_nr = '100000008';
SELECT alike(pg_temp.refusal($$UPDATE bureau.client SET org_nr = '811126489' WHERE org_nr = '100000008'$$),
            '%has figures already%purge_client(''100000008'')%', 'until there are figures');
SELECT lives_ok($$UPDATE bureau.client SET name = 'New name' WHERE org_nr = '100000008'$$, 'a name may change at any time');

SELECT * FROM finish();
ROLLBACK;
