-- The manual page finale(7) says what the comments say. Where it does not: make manual.
\ir fixture/begin.sql
SELECT plan(2);
\setenv MANUAL :manual
\set differs `psql -qXAt -v ON_ERROR_STOP=1 -f "$MANUAL/../sql/manual.sql" 2>&1 | diff - "$MANUAL/finale.7" | head -n 3`
SELECT is(:'differs'::text, '', 'config/finale.7 is current; where it is not: make manual');
\set complaints `groff -man -Tutf8 -ww -z "$MANUAL/finale.7" 2>&1 | head -n 3`
SELECT is(:'complaints'::text, '', 'and groff has nothing against it');
SELECT * FROM finish();
ROLLBACK;
