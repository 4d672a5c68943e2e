-- Writes the manual page finale(7) from the comments of a migrated database: psql -qXAt -f sql/manual.sql.
\pset format unaligned
\pset tuples_only true
SET search_path = '';
SET client_encoding = 'UTF8';

-- A text of roff: what would be read as a command is not.
CREATE FUNCTION pg_temp.roff(said text) RETURNS text LANGUAGE sql
RETURN pg_catalog.regexp_replace(pg_catalog.replace(pg_catalog.replace(said, '\', '\e'), '-', '\-'), '^([.''])', '\&\1');

-- A comment and its example.
CREATE FUNCTION pg_temp.body(said text) RETURNS text LANGUAGE sql
RETURN pg_temp.roff(pg_catalog.split_part(said, ' Example: ', 1))
       || coalesce(E'\n.PP\n.EX\n' || pg_temp.roff(nullif(pg_catalog.split_part(said, ' Example: ', 2), '')) || E'\n.EE', '');

SELECT $page$.\" finale(7): made from the comments of the database by "make manual". Not to be edited.
.TH FINALE 7 "" "saldod" "Figures of saldod"
.SH NAME
finale \- the views from which reporting tools read figures that saldod mirrors from Tripletex
.SH DESCRIPTION
Every view and column has this text as its comment in the database too.
.PP
All views begin with
.B org_nr
and
.BR client_id .
Saldo and postings of a client change together, in one transaction, and only complete fiscal years are shown.
Amounts are exact decimals (numeric): debit is positive, credit negative, in the currency of the company, unless the column says otherwise.
Dates are dates, moments have a time zone, and
.B month
is the first day of the month.
Ids are those of Tripletex, but for
.BR client_id .
Columns are only ever added, at the end; no view is dropped by an upgrade.
.PP
Lists other than saldo and postings are asked at an interval of their own (master_interval): how each stands is in
.BR bureau.resource .
Changes are told on the channel
.BR finale_changed ,
with the organisation number.$page$;

SELECT '.SH VIEWS';
SELECT pg_catalog.concat_ws(E'\n', '.SS ' || pg_temp.roff('finale.' || r.relname), pg_temp.body(pg_catalog.obj_description(r.oid, 'pg_class')),
           pg_catalog.string_agg(pg_catalog.format(E'.TP\n.BR %s " (%s)"\n%s', pg_temp.roff(a.attname::text),
                                                   pg_catalog.format_type(a.atttypid, a.atttypmod),
                                                   pg_temp.roff(pg_catalog.col_description(r.oid, a.attnum))), E'\n' ORDER BY a.attnum))
  FROM pg_catalog.pg_class r
  JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE r.relnamespace = 'finale'::pg_catalog.regnamespace AND r.relkind = 'v'
 GROUP BY r.oid, r.relname
 ORDER BY r.relname::text COLLATE "C";

SELECT '.SH FUNCTIONS';
SELECT pg_catalog.concat_ws(E'\n', '.SS ' || pg_temp.roff(pg_catalog.format('finale.%s(%s)', p.proname, pg_catalog.pg_get_function_arguments(p.oid))),
           pg_temp.body(pg_catalog.obj_description(p.oid, 'pg_proc')),
           E'.PP\nReturns ' || pg_temp.roff(pg_catalog.pg_get_function_result(p.oid)) || '.')
  FROM pg_catalog.pg_proc p
 WHERE p.pronamespace = 'finale'::pg_catalog.regnamespace
 ORDER BY p.proname::text COLLATE "C";

SELECT '.SH SEE ALSO
.BR saldod (8),
.BR saldod.conf (5)';
