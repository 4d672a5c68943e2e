-- Confinement of readers to clients. A superuser ran the migration and runs this test.
\ir fixture/begin.sql
\ir fixture/books.sql
\ir fixture/products.sql
SELECT * FROM no_plan();

CREATE ROLE c_fjord LOGIN IN ROLE saldod_reader;
CREATE ROLE c_team LOGIN IN ROLE saldod_reader;
CREATE ROLE c_member LOGIN IN ROLE c_team;
CREATE ROLE c_free LOGIN IN ROLE saldod_reader;
CREATE ROLE c_admin LOGIN IN ROLE saldod_admin, c_fjord;
CREATE ROLE "C odd'name" LOGIN IN ROLE saldod_reader;

-- Which clients `role` sees in a view, all of whose rows have an org_nr.
CREATE FUNCTION pg_temp.seen(role name, relation text DEFAULT 'finale.client') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.as_role(role, format('SELECT coalesce(string_agg(DISTINCT org_nr, %L ORDER BY org_nr), %L) FROM %s', ' ', 'none', relation))
$$;

-- A row of either client in every view.
INSERT INTO mirror.deleted_posting (client_id, posting_id, seen_gone_at, reason, version, voucher_id, posting_date, account_id, amount)
VALUES (:fjord, 7777, now(), 'voucher_deleted', 0, 1, '2023-01-01', 1, 1), (:nordlys, 7777, now(), 'voucher_deleted', 0, 1, '2026-01-01', 1, 1);
INSERT INTO mirror.voucher (client_id, voucher_id, version, voucher_date) VALUES (:nordlys, 1, 0, '2026-01-01');
INSERT INTO mirror.voucher_difference (client_id, voucher_id, year, difference) VALUES (:fjord, 1, 2023, 1), (:nordlys, 1, 2026, 1);
INSERT INTO mirror.opening_difference (client_id, year, account_id, opening, prior_closing) VALUES (:fjord, 2023, 1, 1, 2), (:nordlys, 2026, 1, 1, 2);
INSERT INTO bureau.sign_off (client_id, year, signed_at, publication) VALUES (:fjord, 2023, now(), 0), (:nordlys, 2027, now(), 0);
UPDATE mirror.posting SET amount = amount + 1 WHERE posting_id = 1;
INSERT INTO mirror.customer (client_id, customer_id, version) VALUES (:fjord, 1, 0), (:nordlys, 1, 0);
INSERT INTO mirror.supplier (client_id, supplier_id, version) VALUES (:fjord, 1, 0), (:nordlys, 1, 0);
INSERT INTO mirror.vat_type (client_id, vat_type_id, version) VALUES (:nordlys, 1, 0);

SELECT is(pg_temp.seen('c_fjord'), '811126489 974760673', 'without a grant a reader sees all');
SELECT lives_ok($$SELECT bureau.grant_reader('c_fjord', '974760673')$$, 'a grant');
SELECT lives_ok($$SELECT bureau.grant_reader('c_fjord', '974760673')$$, 'may be repeated');
SELECT is(pg_temp.seen('c_fjord', 'finale.' || relname), '974760673', 'from then on only its client: finale.' || relname)
  FROM pg_class WHERE relnamespace = 'finale'::regnamespace AND relkind = 'v';
SELECT is(pg_temp.seen('c_free', 'finale.' || relname), '811126489 974760673', 'others see all: finale.' || relname)
  FROM pg_class WHERE relnamespace = 'finale'::regnamespace AND relkind = 'v';
SELECT is(pg_temp.as_role('c_fjord', $$SELECT count(*) FROM finale.saldo_at('811126489', '2027-12-31')$$), '0', 'saldo_at of another client');
SELECT is(pg_temp.as_role('c_free', $$SELECT count(*) FROM finale.saldo_at('811126489', '2027-12-31')$$), '3', 'which is there for others');
SELECT is(pg_temp.as_role('c_fjord', $$SELECT count(*) FROM finale.saldo_at('974760673', '2023-06-30')$$), '4', 'saldo_at of its own');
SELECT is(pg_temp.as_role('c_fjord', 'SELECT name FROM (SELECT DISTINCT bureau AS name FROM finale.client) b'), 'Nord', 'the name of its bureau is seen');

-- Inheritance.
SELECT lives_ok($$SELECT bureau.grant_reader('c_team', '811126489')$$, 'a group role is confined');
SELECT is(pg_temp.seen('c_team'), '811126489', 'itself');
SELECT is(pg_temp.seen('c_member'), '811126489', 'and those who inherit it');
SELECT lives_ok($$SELECT bureau.grant_reader('c_member', '974760673')$$, 'a member with a grant of its own');
SELECT is(pg_temp.seen('c_member'), '811126489 974760673', 'sees both');
SELECT is(pg_temp.seen('c_team'), '811126489', 'its group does not');
SELECT lives_ok($$SELECT bureau.grant_reader('C odd''name', '811126489')$$, 'any name will do');
SELECT is(pg_temp.seen('C odd''name'), '811126489', 'and is confined');
ALTER ROLE c_fjord RENAME TO c_renamed;
SELECT is(pg_temp.seen('c_renamed'), '974760673', 'a renamed role stays confined');
ALTER ROLE c_renamed RENAME TO c_fjord;
SELECT is(pg_temp.seen('c_admin'), '811126489 974760673', 'an administrator is never confined');
SELECT is(pg_temp.seen('postgres'), '811126489 974760673', 'nor a superuser');
SELECT is(pg_temp.seen('saldod_daemon'), '811126489 974760673', 'nor the owner');

-- Ways out. A confined login may become saldod_reader, which is not confined.
CREATE FUNCTION pg_temp.escape(login name, role name, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    said text;
BEGIN
    EXECUTE format('SET LOCAL SESSION AUTHORIZATION %I', login);
    EXECUTE format('SET LOCAL ROLE %I', role);
    EXECUTE query INTO said;
    RESET ROLE;
    RESET SESSION AUTHORIZATION;
    RETURN said;
END
$$;
SELECT is(pg_temp.escape('c_fjord', 'saldod_reader', $$SELECT string_agg(org_nr, ' ') FROM finale.client$$), '974760673', 'SET ROLE does not lift confinement');
SELECT is(pg_temp.escape('c_free', 'saldod_reader', $$SELECT string_agg(org_nr, ' ' ORDER BY org_nr) FROM finale.client$$), '811126489 974760673', 'nor bring it');
SELECT is(pg_temp.escape('c_member', 'c_team', $$SELECT string_agg(org_nr, ' ' ORDER BY org_nr) FROM finale.client$$), '811126489', 'it may narrow');

-- A cheap function of the reader's own must not be shown rows that he cannot see.
GRANT USAGE ON SCHEMA tap TO c_fjord;
CREATE TABLE tap.leaked (what text);
GRANT INSERT ON tap.leaked TO c_fjord;
CREATE FUNCTION tap.leak(what text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$BEGIN INSERT INTO tap.leaked VALUES (what); RETURN true; END$$;
SELECT is(pg_temp.as_role('c_fjord', format('SELECT count(*) FROM finale.%I WHERE tap.leak(%s::text)', relname, column_name)) ~ '^[0-9]+$', true,
          format('finale.%s asked with a function on %s', relname, column_name))
  FROM (SELECT relname, CASE relname WHEN 'client' THEN 'name' WHEN 'year' THEN 'org_nr' ELSE 'client_id' END AS column_name
          FROM pg_class WHERE relnamespace = 'finale'::regnamespace AND relkind = 'v') v;
SELECT is_empty(format($$SELECT what FROM tap.leaked WHERE what NOT IN ('974760673', 'Fjord Fisk AS', '%s')$$, :fjord), 'and nothing of others was shown to it');
SELECT isnt_empty('SELECT FROM tap.leaked', 'while it was asked');

-- Taking grants back.
SELECT lives_ok($$SELECT bureau.revoke_reader('c_fjord', '974760673')$$, 'the last client is taken');
SELECT is(pg_temp.seen('c_fjord'), 'none', 'nothing is left to see, rather than all');
SELECT lives_ok($$SELECT bureau.revoke_reader('c_fjord')$$, 'the confinement is ended');
SELECT is(pg_temp.seen('c_fjord'), '811126489 974760673', 'all is seen again');
SELECT lives_ok($$SELECT bureau.grant_reader('c_free', '974760673')$$, 'a role that is dropped with its grants');
DROP ROLE c_free;
SELECT is(pg_temp.seen('c_fjord'), '811126489 974760673', 'disturbs no other');
SELECT is(pg_temp.seen('c_team'), '811126489', 'confined or not');

-- Refusals.
SELECT alike(pg_temp.refusal($$SELECT bureau.grant_reader('nobody_here', '974760673')$$), '%there is no role ''nobody_here'' | Create it first%', 'a role that is not there');
SELECT alike(pg_temp.refusal($$SELECT bureau.grant_reader('c_team', '100000008')$$), '%''100000008'' is not registered%', 'a client that is not there');
SELECT alike(pg_temp.refusal(format($$SELECT bureau.grant_reader(%L, '974760673')$$, role)), '%' || why || ' and cannot be confined%', role || ' cannot be confined')
  FROM (VALUES ('postgres', 'is a superuser'), ('saldod_daemon', 'is or inherits saldod_daemon'), ('c_admin', 'is or inherits saldod_admin')) AS t (role, why);
CREATE ROLE c_bypass BYPASSRLS;
SELECT alike(pg_temp.refusal($$SELECT bureau.grant_reader('c_bypass', '974760673')$$), '%has BYPASSRLS and cannot be confined%', 'nor a role with BYPASSRLS');
SELECT throws_like($$SELECT bureau.revoke_reader('nobody_here')$$, '%there is no role%', 'revoke_reader of a role that is not there');

SELECT * FROM finish();
ROLLBACK;
