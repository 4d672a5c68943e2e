-- Rules that every object keeps, those of later migrations too.
\ir fixture/begin.sql
SELECT * FROM no_plan();

CREATE TEMP VIEW ours AS SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('bureau', 'mirror', 'sync', 'finale');

-- Comments.
SELECT is_empty($$SELECT nspname FROM ours WHERE obj_description(oid, 'pg_namespace') IS NULL$$, 'every schema has a comment');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r JOIN ours n ON n.oid = r.relnamespace
                   WHERE r.relkind IN ('r', 'p', 'v', 'm') AND obj_description(r.oid, 'pg_class') IS NULL$$, 'every table and view has a comment');
SELECT is_empty($$SELECT r.oid::regclass, a.attname FROM pg_class r JOIN ours n ON n.oid = r.relnamespace JOIN pg_attribute a ON a.attrelid = r.oid
                   WHERE r.relkind IN ('r', 'p', 'v', 'm') AND NOT r.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND col_description(r.oid, a.attnum) IS NULL$$,
                'every column of them has a comment');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace WHERE obj_description(p.oid, 'pg_proc') IS NULL$$,
                'every function has a comment');

-- Owner and rights.
SELECT is_empty($$SELECT nspname FROM pg_namespace JOIN ours USING (nspname) WHERE nspowner <> 'saldod_daemon'::regrole$$, 'saldod_daemon owns the schemas');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r JOIN ours n ON n.oid = r.relnamespace WHERE r.relowner <> 'saldod_daemon'::regrole$$, 'and every relation');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace WHERE p.proowner <> 'saldod_daemon'::regrole$$, 'and every function');
SELECT bag_eq($$SELECT p.proname::text FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
                 WHERE EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)$$,
              $$VALUES ('sees_all'), ('seen_clients'), ('seen_bureaus')$$, 'only what row security asks may be called by everybody, who cannot name it');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r JOIN ours n ON n.oid = r.relnamespace
                   WHERE EXISTS (SELECT FROM aclexplode(r.relacl) a WHERE a.grantee = 0)$$, 'no relation is open to everybody');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN ours n ON n.oid = p.pronamespace
                   WHERE p.proconfig IS NULL OR NOT 'search_path=""' = ANY (p.proconfig)$$, 'every function pins its search_path');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'finale'::regnamespace AND p.prosecdef$$, 'functions of finale run with the rights of the reader');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r WHERE r.relnamespace = 'finale'::regnamespace
                   AND (r.relkind <> 'v' OR NOT coalesce('security_invoker=true' = ANY (r.reloptions), false))$$,
                'finale holds nothing but views that read with the rights of the reader');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r WHERE r.relnamespace = 'finale'::regnamespace
                   AND NOT (has_table_privilege('saldod_reader', r.oid, 'SELECT') AND has_table_privilege('saldod_admin', r.oid, 'SELECT'))$$,
                'all of which readers and administrators may read');

-- Tables of a client.
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r WHERE r.relnamespace = 'mirror'::regnamespace AND r.relkind IN ('r', 'p')
                   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = r.oid AND a.attname = 'client_id' AND a.attnotnull)$$,
                'every table of mirror belongs to a client');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r JOIN ours n ON n.oid = r.relnamespace
                    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = 'client_id' AND a.attnotnull
                    LEFT JOIN pg_index i ON i.indrelid = r.oid AND i.indisprimary
                   WHERE r.relkind IN ('r', 'p') AND i.indkey[0] IS DISTINCT FROM a.attnum$$, 'with client_id first in its primary key');
SELECT is_empty($$SELECT r.oid::regclass FROM pg_class r WHERE r.relnamespace = 'mirror'::regnamespace AND r.relkind IN ('r', 'p') AND NOT r.relispartition
                   AND NOT (r.relrowsecurity AND NOT r.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = r.oid AND p.polname = 'reader'))$$,
                'and with row security for readers, not for its owner');
SELECT is_empty($$SELECT r.oid::regclass, n.nspname FROM pg_class r JOIN ours n ON n.oid = r.relnamespace
                   WHERE r.relkind IN ('r', 'p') AND NOT r.relrowsecurity
                     AND (has_table_privilege('saldod_reader', r.oid, 'SELECT') OR has_any_column_privilege('saldod_reader', r.oid, 'SELECT'))$$,
                'no table without row security can be read by readers, by whatever way');
SELECT is_empty($$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid
                   WHERE r.relnamespace = 'mirror'::regnamespace AND a.attgenerated <> ''$$, 'no generated columns');
SELECT is_empty($$SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class r ON r.oid = a.attrelid JOIN ours n ON n.oid = r.relnamespace
                   WHERE a.attnum > 0 AND a.atttypid IN ('float4'::regtype, 'float8'::regtype, 'money'::regtype, 'timestamp'::regtype, 'varchar'::regtype, 'bpchar'::regtype)$$,
                'money is numeric, moments are timestamptz, texts are text');
SELECT is_empty($$SELECT t.tgname FROM pg_trigger t JOIN pg_class r ON r.oid = t.tgrelid JOIN ours n ON n.oid = r.relnamespace
                   WHERE NOT t.tgisinternal AND t.tgenabled <> 'O'$$, 'all triggers are on');
SELECT is_empty($$SELECT c.conrelid::regclass, c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
                   WHERE r.relnamespace = 'mirror'::regnamespace AND c.contype = 'f'$$, 'a load checks no foreign key');

SELECT * FROM finish();
ROLLBACK;
