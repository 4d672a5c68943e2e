#!/bin/sh
# run.sh [FILE ...] - the pgTAP tests, in a PostgreSQL cluster of their own that is gone afterwards.
#
# Applies the migrations as the daemon does and runs every tests/sql/*.sql, or the files named. Ends with the line
# "sql: N passed, M failed". VERBOSE=1 shows every test. Works as root, which initdb refuses to be: the server then
# runs as user postgres.
#
# run.sh --manual PAGE writes the manual page finale(7) from the comments instead.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sql=$(cd "$here/../../sql" && pwd)
bin=${PGBIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
manual=
if [ "${1:-}" = --manual ]; then
    manual=$2
    shift 2
fi
[ $# -gt 0 ] || set -- "$here"/*.sql
work=$(mktemp -d /tmp/saldod-sql.XXXXXX)
chmod 0711 "$work"
as=
if [ "$(id -u)" -eq 0 ]; then
    as='runuser -u postgres --'
    chown postgres "$work"
fi

in_work() (cd "$work" && $as "$@")

finish() {
    status=$?
    trap - EXIT HUP INT TERM
    [ ! -f "$work/data/postmaster.pid" ] || in_work "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

unset PGSERVICE PGSERVICEFILE PGPORT PGPASSFILE PGOPTIONS PGSSLMODE
in_work "$bin/initdb" -D "$work/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$work/initdb.log" 2>&1 || {
    cat "$work/initdb.log" >&2
    exit 1
}
in_work "$bin/pg_ctl" -D "$work/data" -l "$work/data/log" -w \
    -o "-k $work -c listen_addresses='' -c fsync=off -c jit=on" start >/dev/null || {
    cat "$work/data/log" >&2
    exit 1
}
export PGHOST="$work" PGUSER=postgres PGDATABASE=saldod

# What the daemon does, as one script: bootstrap first, then each migration in a transaction of its own.
{
    echo "SET search_path = '';"
    printf "\\\\i '%s'\\n" "$sql/bootstrap.sql"
    for file in "$sql"/migrations/*.sql; do
        name=$(basename "$file" .sql)
        echo 'BEGIN;'
        printf "\\\\i '%s'\\n" "$file"
        echo "INSERT INTO sync.migration (version, name) VALUES ('${name%%_*}', '${name#*_}');"
        echo 'COMMIT;'
    done
} >"$work/apply.sql"
chmod 0644 "$work/apply.sql"

psql -qX -d postgres -c 'CREATE DATABASE saldod'
psql -qX -v ON_ERROR_STOP=1 -f "$work/apply.sql" || {
    echo "sql: 0 passed, 1 failed"
    exit 1
}
if [ -n "$manual" ]; then
    psql -qXAt -v ON_ERROR_STOP=1 -f "$sql/manual.sql" >"$work/page"
    cp "$work/page" "$manual"
    exit 0
fi
psql -qX -c 'CREATE SCHEMA tap' -c 'CREATE EXTENSION pgtap SCHEMA tap'

failed=0
PGOPTIONS='-c client_min_messages=warning' \
    pg_prove --verbose --set "apply=$work/apply.sql" --set "migrations=$sql/migrations" --set "manual=$here/../../config" "$@" >"$work/tap" 2>&1 || failed=1
passed=$(grep -c '^ok ' "$work/tap" || true)
broken=$(grep -c '^not ok ' "$work/tap" || true)
if [ "$failed" -eq 1 ] || [ -n "${VERBOSE:-}" ]; then
    cat "$work/tap" >&2
fi
# A file that dies or runs too few tests has no line of its own.
[ "$broken" -gt 0 ] || broken=$failed
echo "sql: $passed passed, $broken failed"
[ "$broken" -eq 0 ]
