#!/bin/sh
# export.sh BUILD [POSTINGS] - exports a fiscal year of POSTINGS (1,000,000) as SAF-T, and says what it cost.
#
# The year is made by SQL in a PostgreSQL of its own, which is gone afterwards. Ends with 1 where the export needs more
# than 64 MiB, or does not validate and its schema is there (SAFT_SCHEMA, by default ../shared/saft/*_1.30.xsd).
set -eu

RSS_MAX_KIB=65536
ORG_NR=974760673

[ $# -ge 1 ] || {
    echo "usage: $0 BUILD [POSTINGS]" >&2
    exit 64
}
build=$(cd "$1" && pwd)
postings=${2:-1000000}
cd "$(dirname "$0")/../.."
bin=${PGBIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)}
schema=${SAFT_SCHEMA:-$(ls ../shared/saft/*_1.30.xsd 2>/dev/null | head -n 1)}
work=$(mktemp -d /tmp/saldod-bench.XXXXXX)
chmod 0711 "$work"
as=
if [ "$(id -u)" -eq 0 ]; then
    as='runuser -u postgres --'
    chown postgres "$work"
fi

finish() {
    status=$?
    trap - EXIT HUP INT TERM
    (cd "$work" && $as "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1) || true
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM

(cd "$work" && $as "$bin/initdb" -D "$work/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 >/dev/null)
(cd "$work" && $as "$bin/pg_ctl" -D "$work/data" -l "$work/data/log" -w \
    -o "-k $work -c listen_addresses='' -c fsync=off" start >/dev/null)
export PGHOST="$work" PGUSER=postgres
psql -qX -d postgres -c 'CREATE DATABASE saldod'
printf '[database]\nconninfo = host=%s user=postgres dbname=saldod\n[tripletex]\nconsumer_token_file = credential:none\n' \
    "$work" >"$work/saldod.conf"
"$build/saldod" migrate -c "$work/saldod.conf" >/dev/null 2>&1
psql -qX -v ON_ERROR_STOP=1 -v postings="$postings" -d saldod -f tests/bench/export.sql

/usr/bin/time -f '%e %M' -o "$work/cost" \
    "$build/saldod" export -c "$work/saldod.conf" "$ORG_NR" 2025 --format saft -o "$work/year.xml"
read -r seconds kib <"$work/cost"
echo "export: $postings postings, $(stat -c %s "$work/year.xml") bytes, $seconds s, $kib KiB at most"
if [ -n "$schema" ]; then
    xmllint --stream --noout --schema "$schema" "$work/year.xml"
else
    echo 'export: the schema is not there, so the file was not validated'
fi
[ "$kib" -le "$RSS_MAX_KIB" ] || {
    echo "export: more than $RSS_MAX_KIB KiB" >&2
    exit 1
}
