-- What a client that is gone leaves: the means to remove its subscriptions at Tripletex, for a while, and nothing else.
\ir fixture/begin.sql
\ir fixture/books.sql
SELECT * FROM no_plan();

UPDATE bureau.bureau SET employee_token = 'sealed:nord' WHERE bureau_id = :nord;
UPDATE bureau.client SET employee_token = 'sealed:nordlys' WHERE client_id = :nordlys;
UPDATE sync.client_state SET company_id = '42' WHERE client_id = :fjord;
UPDATE sync.client_state SET company_id = '0' WHERE client_id = :nordlys;
INSERT INTO sync.webhook (client_id, subscription_id, event)
VALUES (:fjord, 1, 'voucher.update'), (:fjord, 2, 'voucher.delete'), (:nordlys, 3, 'voucher.update');
SELECT is((SELECT count(*) FROM sync.leftover), 0::bigint, 'who is there leaves nothing');

SELECT bureau.purge_client('974760673') \g /dev/null
SELECT results_eq('SELECT company_id, subscription_id, bureau_id, holder, employee_token FROM sync.leftover ORDER BY 2',
                  format($$VALUES ('42', 1::bigint, %1$s::bigint, %2$s::bigint, NULL::text), ('42', 2, %1$s, %2$s, NULL)$$, :nord, :fjord),
                  'a client of a bureau leaves what the token of the bureau can remove');
SELECT is((SELECT forget_at FROM sync.leftover WHERE subscription_id = 1), now() + interval '7 days', 'for seven days');

DELETE FROM bureau.client WHERE client_id = :nordlys;
SELECT is((SELECT employee_token FROM sync.leftover WHERE subscription_id = 3), 'sealed:nordlys', 'one with a token of its own leaves that, sealed');
DELETE FROM bureau.bureau;
SELECT results_eq('SELECT subscription_id, bureau_id, employee_token FROM sync.leftover ORDER BY 1',
                  $$VALUES (1::bigint, NULL::bigint, 'sealed:nord'), (2, NULL, 'sealed:nord'), (3, NULL, 'sealed:nordlys')$$,
                  'and so does a bureau');
SELECT is((SELECT count(DISTINCT holder) FROM sync.leftover), 2::bigint, 'each of the two has one number');

UPDATE sync.leftover SET forget_at = now();
SELECT bureau.add_client('974760673', 'Fjord Fisk AS', employee_token => 'in the clear') AS fjord \gset
UPDATE sync.client_state SET company_id = '42' WHERE client_id = :fjord;
INSERT INTO sync.webhook (client_id, subscription_id, event) VALUES (:fjord, 4, 'voucher.update');
SELECT bureau.purge_client('974760673') \g /dev/null
SELECT is((SELECT count(*) FROM sync.leftover), 0::bigint, 'what is too old is forgotten, and a token in the clear is never kept');

SELECT * FROM finish();
ROLLBACK;
