#!/bin/sh
# demo.sh run|up|down BUILD - saldod from nothing to proven figures, on this machine and for this folder alone.
#
#   run   starts a private PostgreSQL and the sandbox, mirrors three companies, shows the figures and a change
#         arriving, and removes everything again
#   up    the same, and leaves it running
#   down  ends what `up`, or a run that was killed, has left
#
# Everything lies in BUILD/demo, or in a folder under /tmp that BUILD/demo points to where the server's user cannot
# enter BUILD or the path is too long for a socket. PostgreSQL has no port, only a socket there. Processes are known
# by number and moment of start, so that no other one is ever ended. As root the server runs as user postgres.
set -eu

SOCKET_BYTES_MAX=107
SOCKET_NAME=/server/.s.PGSQL.5432
FRESH_MAX_S=60
CHANGE_MAX_S=20
NORD_ORG_NR=974760673
VEST_ORG_NR=910000004
SINGLE_ORG_NR=811126489

usage() {
    echo 'usage: tests/demo/demo.sh run|up|down BUILD' >&2
    exit 64
}

[ $# -eq 2 ] || usage
mode=$1
case $mode in
    run | up) [ -x "$2/saldod" ] || { echo "demo: $2/saldod is not there; run: make demo" >&2; exit 1; } ;;
    down) [ -d "$2" ] || exit 0 ;;
    *) usage ;;
esac
build=$(cd "$2" && pwd -P)
demo=$build/demo

say() { printf '%s\n' "$*"; }
step() { printf '\n%s\n' "$*"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}
now_ms() { date +%s%3N; }

# --- processes: a file NAME.pid holds number and moment of start ----------------------------------

# The moment of start in ticks since boot; nothing where there is no such process. The name, which comes before it,
# may hold anything.
started_at() {
    sed -n 's/^.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

record() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$demo/$1.pid"; }

is_running() {
    [ -f "$demo/$1.pid" ] || return 1
    read -r pid moment <"$demo/$1.pid" || return 1
    [ -n "$moment" ] && [ "$(started_at "$pid")" = "$moment" ]
}

# end NAME SIGNAL SECONDS: true when it is gone.
end() {
    is_running "$1" || return 0
    kill -s "$2" "$pid" 2>/dev/null || true
    tries=$(($3 * 20))
    while is_running "$1"; do
        [ "$tries" -gt 0 ] || return 1
        tries=$((tries - 1))
        sleep 0.05
    done
}

# Starts a process that outlives the terminal, and whose log is NAME.log.
launch() {
    starting=$1
    shift
    setsid "$@" </dev/null >"$home/$starting.log" 2>&1 &
    record "$starting" $!
    starting=
}

# What a signal or a kill came between: a process that was started and is not recorded yet.
record_unrecorded() {
    if [ -n "${starting:-}" ] && [ ! -s "$demo/$starting.pid" ] && [ -n "${!:-}" ]; then
        record "$starting" "$!"
    fi
    lock=$demo/server/data/postmaster.pid
    if [ ! -s "$demo/postgres.pid" ] && [ -s "$lock" ]; then
        pid=$(head -n 1 "$lock")
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "/server/data " || return 0
        record postgres "$pid"
    fi
}

remove_all() {
    record_unrecorded
    end saldod TERM 25 || end saldod KILL 5 || true
    end sandbox TERM 5 || end sandbox KILL 5 || true
    end postgres INT 10 || end postgres QUIT 5 || end postgres KILL 5 || true
    if [ -L "$demo" ]; then
        target=$(readlink "$demo")
        case $target in
            /tmp/saldod-demo.??????) rm -rf "$target" ;;
        esac
        rm -f "$demo"
    else
        rm -rf "$demo" "${place:-}"
    fi
}

# --- the beginning and the end --------------------------------------------------------------------

is_up() { [ -f "$demo/up" ] && is_running saldod && is_running sandbox && is_running postgres; }

# What failed is worth a look at the logs, which are gone afterwards.
show_logs() {
    for log in saldod sandbox server/postgres; do
        [ -s "$demo/$log.log" ] || continue
        printf '\n--- the end of %s.log\n' "$log" >&2
        tail -n 15 "$demo/$log.log" >&2
    done
}

finish() {
    status=$?
    trap - EXIT
    trap '' HUP INT TERM
    [ -z "${line_open:-}" ] || printf '\n'
    if [ "$status" -eq 0 ] && [ "$mode" = up ]; then
        exit 0
    fi
    [ "$status" -eq 0 ] || [ "$status" -ge 128 ] || show_logs
    remove_all
    case $status in
        0) say 'Everything is stopped and removed.' ;;
        129 | 130 | 143) say 'Interrupted: everything is stopped and removed.' ;;
    esac
    exit "$status"
}

# The server's user must be able to enter every folder above, and the socket's path is short by nature.
fits_build() {
    case $demo in
        *[!A-Za-z0-9/._-]*) return 1 ;;
    esac
    path=$demo$SOCKET_NAME
    [ "${#path}" -le "$SOCKET_BYTES_MAX" ] || return 1
    [ -z "$as" ] || (cd / && $as test -x "$build") 2>/dev/null
}

make_folders() {
    as=
    if [ "$(id -u)" -eq 0 ]; then
        id postgres >/dev/null 2>&1 || fail 'PostgreSQL refuses root, and there is no user postgres; install postgresql-15'
        as='runuser -u postgres --'
    fi
    if fits_build; then
        mkdir "$demo"
    else
        place=$(mktemp -d /tmp/saldod-demo.XXXXXX)
        ln -s "$place" "$demo"
    fi
    mkdir "$demo/server" "$demo/secrets"
    chmod 0700 "$demo/server" "$demo/secrets"
    if [ -n "$as" ]; then
        chmod 0711 "$demo/."
        chown postgres "$demo/server"
    else
        chmod 0700 "$demo/."
    fi
    home=$(cd "$demo" && pwd -P)
    record owner $$
}

make_secrets() {
    for name in consumer-token regnskap-nord nordlys; do
        od -An -N 24 -t x1 /dev/urandom | tr -d ' \n' >"$home/secrets/$name"
    done
    head -c 32 /dev/urandom >"$home/secrets/seal-key"
}

# --- PostgreSQL -----------------------------------------------------------------------------------

find_postgres() {
    bin=${PGBIN:-}
    for folder in /usr/lib/postgresql/1[5-9]/bin /usr/lib/postgresql/[2-9]?/bin; do
        [ -n "${PGBIN:-}" ] || [ ! -x "$folder/initdb" ] || bin=$folder
    done
    [ -n "$bin" ] || bin=$(pg_config --bindir 2>/dev/null) || true
    [ -x "$bin/initdb" ] || fail 'no PostgreSQL server of version 15 or later; install postgresql-15, or set PGBIN'
}

# Out of reach of Ctrl-C: a server that is half started when the signal comes could not be found and ended.
# shellcheck disable=SC2086 # several words or none
in_server() (cd "$home/server" && setsid -w $as "$@")

# Whoever may enter the folder may connect, as any role: that is its owner only.
start_postgres() {
    in_server "$bin/initdb" -D "$home/server/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 \
        >"$home/initdb.log" 2>&1 || { cat "$home/initdb.log" >&2; fail 'initdb failed'; }
    in_server "$bin/pg_ctl" -D "$home/server/data" -l "$home/server/postgres.log" -w -t 30 -o "-k $home/server \
        -c listen_addresses='' -c port=5432 -c unix_socket_permissions=0700 -c fsync=off" start >/dev/null ||
        fail 'PostgreSQL did not start'
    record postgres "$(head -n 1 "$home/server/data/postmaster.pid")"
    export PGHOST="$home/server" PGDATABASE=saldod PGCLIENTENCODING=UTF8
}

# sql ROLE [OPTION ...]: standard input, or -c.
sql() {
    role=$1
    shift
    psql -X -q -v ON_ERROR_STOP=1 -P pager=off -P footer=off -U "$role" "$@"
}
ask() { sql "$1" -A -t -c "$2"; }

# As an administrator of PostgreSQL does it once; saldod itself is no superuser.
make_database() {
    sql postgres -d postgres <<'SQL'
CREATE ROLE saldod_daemon NOLOGIN;
CREATE ROLE saldod_admin NOLOGIN;
CREATE ROLE saldod_reader NOLOGIN;
CREATE ROLE saldod LOGIN IN ROLE saldod_daemon;
CREATE ROLE kari LOGIN IN ROLE saldod_admin;
CREATE ROLE finale_tool LOGIN IN ROLE saldod_reader;
CREATE DATABASE saldod OWNER saldod_daemon;
SQL
}

# --- the sandbox ----------------------------------------------------------------------------------

write_world() {
    cat >"$home/secrets/world.json" <<JSON
{ "consumerToken": "$(cat "$home/secrets/consumer-token")",
  "companies": [
    { "orgNr": "$NORD_ORG_NR", "name": "Fjord Fisk AS", "seed": 1, "postingsPerYear": 1200 },
    { "orgNr": "$VEST_ORG_NR", "name": "Bølgen Verksted AS", "seed": 4, "postingsPerYear": 800 },
    { "orgNr": "$SINGLE_ORG_NR", "name": "Nordlys ANS", "seed": 2, "postingsPerYear": 400, "fiscalStartMonth": 7 } ],
  "tokens": [
    { "employeeToken": "$(cat "$home/secrets/regnskap-nord")", "name": "bureau", "kind": "bureau",
      "access": ["$NORD_ORG_NR", "$VEST_ORG_NR"] },
    { "employeeToken": "$(cat "$home/secrets/nordlys")", "name": "single", "kind": "company",
      "orgNr": "$SINGLE_ORG_NR" } ] }
JSON
}

start_sandbox() {
    write_world
    # A run that is killed takes the sandbox along.
    parent=
    [ "$mode" = up ] || parent="--parent $$"
    # shellcheck disable=SC2086 # two words or none
    launch sandbox "$build/tests/sandbox/tripletex-sandbox" --port-file "$home/port" \
        --world "$home/secrets/world.json" $parent
    tries=200
    until [ -s "$home/port" ]; do
        if ! is_running sandbox || [ "$tries" -eq 0 ]; then
            fail 'the sandbox did not start'
        fi
        tries=$((tries - 1))
        sleep 0.05
    done
    port=$(cat "$home/port")
}

control() { curl -sS --noproxy '*' --fail-with-body --max-time 10 -X "$1" "http://127.0.0.1:$port/control$2" -d "$3"; }

# --- saldod ---------------------------------------------------------------------------------------

write_configuration() {
    page=
    [ "$mode" = run ] || page=127.0.0.1:9460
    cat >"$home/saldod.conf" <<CONF
[database]
conninfo = host=$home/server port=5432 dbname=saldod user=saldod

[tripletex]
base_url = http://127.0.0.1:$port/v2
consumer_token_file = $home/secrets/consumer-token

[schedule]
pull_interval = 1s

[security]
seal_key_file = $home/secrets/seal-key

[status]
listen = $page

[client $SINGLE_ORG_NR]
name = Nordlys ANS
employee_token_file = $home/secrets/nordlys
org_nr =
CONF
}

# On standard input, not as an argument: arguments can be read by everybody on the machine.
register_bureau() {
    sql kari -o /dev/null <<SQL
SELECT bureau.add_bureau(name => 'Regnskap Nord AS', employee_token => '$(cat "$home/secrets/regnskap-nord")');
SELECT bureau.add_client(org_nr => '$NORD_ORG_NR', name => 'Fjord Fisk AS', bureau => 'Regnskap Nord AS');
SELECT bureau.add_client(org_nr => '$VEST_ORG_NR', name => 'Bølgen Verksted AS', bureau => 'Regnskap Nord AS');
SQL
}

# One line that changes on a terminal, a line for each change elsewhere.
show_progress() {
    [ "$1" != "$shown" ] || return 0
    shown=$1
    if [ -t 1 ]; then
        printf '\r\033[K  %s' "$1"
        line_open=yes
    else
        printf '  %s\n' "$1"
    fi
}

wait_until_fresh() {
    shown=
    until_ms=$(($(now_ms) + FRESH_MAX_S * 1000))
    while :; do
        answer=$(ask kari "
            SELECT count(*) = 3 AND bool_and(state = 'fresh' AND verified),
                   coalesce(string_agg(format('%s: %s%s', split_part(name, ' ', 1), state,
                       CASE WHEN state = 'loading' AND years > 0 THEN format(' %s/%s', complete_years, years)
                            WHEN verified THEN ', verified' END), ' | ' ORDER BY org_nr DESC), 'no client yet')
              FROM bureau.status")
        show_progress "${answer#*|}"
        [ "${answer%%|*}" != t ] || break
        is_running saldod || fail 'saldod has ended'
        [ "$(now_ms)" -lt "$until_ms" ] || fail "not every client is fresh and verified after $FRESH_MAX_S s"
        sleep 0.2
    done
    [ -z "${line_open:-}" ] || printf '\n'
    line_open=
}

# --- figures --------------------------------------------------------------------------------------

show_saldo() {
    sql finale_tool -v org_nr="$NORD_ORG_NR" -v year="$year" <<'SQL'
WITH saldo AS (
    SELECT account_number, account_name, opening, movement, closing,
           row_number() OVER (ORDER BY abs(movement) DESC, account_number) AS place
      FROM finale.saldo_year
     WHERE org_nr = :'org_nr' AND year = :year
), line AS (
    SELECT 1 AS part, account_number, account_name, opening, movement, closing FROM saldo WHERE place <= 13
    UNION ALL
    SELECT 2, '', count(*) || ' more accounts', sum(opening), sum(movement), sum(closing) FROM saldo WHERE place > 13
    UNION ALL
    SELECT 3, 'Sum', count(*) || ' accounts', sum(opening), sum(movement), sum(closing) FROM saldo
)
SELECT account_number AS "Account", left(account_name, 34) AS "Name",
       to_char(opening, '999G999G999G990D00') AS "IB",
       to_char(movement, '999G999G999G990D00') AS "Movement",
       to_char(closing, '999G999G999G990D00') AS "UB"
  FROM line
 ORDER BY part, account_number;
SQL
}

show_proof() {
    sql finale_tool <<'SQL'
SELECT c.name AS "Client", y.first || ' - ' || y.last AS "Years", p.postings AS "Postings",
       f.saldos AS "Saldos compared", f.difference AS "Differences", CASE WHEN c.verified THEN 'yes' ELSE 'NO' END AS "Verified",
       to_char(c.fresh_as_of, 'HH24:MI:SS') AS "Fresh as of"
  FROM finale.client c
  JOIN (SELECT org_nr, min(year) AS first, max(year) AS last FROM finale.year GROUP BY 1) y USING (org_nr)
  JOIN (SELECT org_nr, count(*) AS postings FROM finale.posting GROUP BY 1) p USING (org_nr)
  JOIN (SELECT org_nr, count(*) AS saldos, to_char(sum(abs(difference)), 'FM999999990D00') AS difference
          FROM finale.saldo_proof GROUP BY 1) f USING (org_nr)
 ORDER BY c.bureau, c.name;
SQL
}

closing_of() {
    ask finale_tool "SELECT closing FROM finale.saldo_year
                      WHERE org_nr = '$NORD_ORG_NR' AND year = $year AND account_number = '$1'"
}

# Two rows of one voucher, 1,000 more on one and less on the other, so that it still sums to 0.
choose_voucher() {
    answer=$(ask finale_tool "
        SELECT voucher_id, number, more.account, more.id, more.amount + 1000, less.id, less.amount - 1000
          FROM (SELECT p.voucher_id, min(p.voucher_number) AS number, max(p.posting_date) AS posting_date,
                       (array_agg(p.posting_id ORDER BY p.row) FILTER (WHERE p.amount > 0 AND p.account_number >= '4000'))[1] AS more_id,
                       (array_agg(p.posting_id ORDER BY p.row) FILTER (WHERE p.amount < 0))[1] AS less_id,
                       jsonb_object_agg(p.posting_id, jsonb_build_object('account', p.account_number, 'amount', p.amount)) AS rows
                  FROM finale.posting p
                 WHERE p.org_nr = '$NORD_ORG_NR' AND p.posting_date BETWEEN '$first_day' AND current_date
                   AND p.voucher_number > 0
                 GROUP BY p.voucher_id
                HAVING bool_and(p.currency = 'NOK')) v
         CROSS JOIN LATERAL (SELECT more_id AS id, rows -> more_id::text ->> 'account' AS account,
                                    (rows -> more_id::text ->> 'amount')::numeric AS amount) more
         CROSS JOIN LATERAL (SELECT less_id AS id, rows -> less_id::text ->> 'account' AS account,
                                    (rows -> less_id::text ->> 'amount')::numeric AS amount) less
         WHERE more.account <> less.account
         ORDER BY posting_date DESC, voucher_id
         LIMIT 1")
    [ -n "$answer" ] || fail 'there is no voucher to change'
    IFS='|' read -r voucher number account first first_amount second second_amount <<EOF2
$answer
EOF2
}

# Sees each commit as any reader would: every turn of the loop has a snapshot of its own.
wait_for_change() {
    sql finale_tool <<SQL || fail "the change did not arrive within $CHANGE_MAX_S s"
DO \$\$
BEGIN
    FOR turn IN 1..$CHANGE_MAX_S * 100 LOOP
        IF (SELECT closing FROM finale.saldo_year
             WHERE org_nr = '$NORD_ORG_NR' AND year = $year AND account_number = '$account') <> $before THEN
            RETURN;
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE EXCEPTION 'no change';
END
\$\$;
SQL
}

show_change() {
    choose_voucher
    before=$(closing_of "$account")
    step "Voucher $number is changed in Tripletex (the sandbox): 1,000 more on account $account."
    from_ms=$(now_ms)
    control PUT /voucher "{\"orgNr\": \"$NORD_ORG_NR\", \"id\": $voucher, \"rows\": [
        {\"id\": $first, \"amount\": \"$first_amount\"}, {\"id\": $second, \"amount\": \"$second_amount\"}]}" >/dev/null ||
        fail 'the sandbox refused the change'
    wait_for_change
    took_ms=$(($(now_ms) - from_ms))
    say "  UB of account $account before: $before"
    say "  UB of account $account after:  $(closing_of "$account")"
    say "  arrived after $((took_ms / 1000)).$(printf '%03d' $((took_ms % 1000))) s (pull_interval = 1s); verified: $(ask finale_tool \
        "SELECT CASE WHEN verified THEN 'yes' ELSE 'no' END FROM finale.client WHERE org_nr = '$NORD_ORG_NR'")"
}

show_figures() {
    answer=$(ask finale_tool "SELECT year, start_date FROM finale.year
                               WHERE org_nr = '$NORD_ORG_NR' AND start_date <= current_date ORDER BY year DESC LIMIT 1")
    year=${answer%|*}
    first_day=${answer#*|}
    step "Saldo of Fjord Fisk AS ($NORD_ORG_NR), $year (finale.saldo_year; the accounts that moved most):"
    show_saldo
    step 'Each saldo is proven: what Tripletex says of an account and month, less the sum of its postings:'
    show_proof
}

# --- run and up -----------------------------------------------------------------------------------

show_how_to() {
    home=$(cd "$demo" && pwd -P)
    port=$(cat "$home/port")
    cat <<TEXT

The demo is running. It goes on until you say:  make demo-down

  as a reader:         psql -h $home/server -U finale_tool saldod
  as an administrator: psql -h $home/server -U kari saldod
  how it stands:       $build/saldod status -c $home/saldod.conf
  the same as a page:  http://127.0.0.1:9460/ (its log says so if another program has that port)
  its log:             $home/saldod.log
  change the books:    curl -s http://127.0.0.1:$port/control/mutate -d '{"orgNr": "$NORD_ORG_NR", "count": 20}'
TEXT
}

refuse_second() {
    if is_running owner; then
        fail "a demo is running in $build already (process $pid); wait for its end"
    fi
    is_up || return 0
    [ "$mode" = up ] || fail 'a demo is up already; end it first: make demo-down'
    show_how_to
    exit 0
}

begin() {
    refuse_second
    remove_all
    umask 077
    trap finish EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    # What the caller's shell says of other databases, services and proxies is not meant for the demo.
    unset PGHOSTADDR PGPORT PGUSER PGPASSFILE PGPASSWORD PGSERVICE PGSERVICEFILE PGOPTIONS PGSSLMODE PGAPPNAME PGDATESTYLE PGTZ
    unset NOTIFY_SOCKET WATCHDOG_USEC WATCHDOG_PID CREDENTIALS_DIRECTORY http_proxy HTTP_PROXY all_proxy ALL_PROXY
    find_postgres
    make_folders
    make_secrets
}

run() {
    started_ms=$(now_ms)
    begin
    say "Starting PostgreSQL, with a socket in $home/server ..."
    start_postgres
    make_database
    say 'Starting the sandbox, a stand-in of the Tripletex API with made-up books, extreme amounts included ...'
    start_sandbox
    write_configuration
    say 'saldod migrate, saldod check, saldod run ...'
    told=$("$build/saldod" migrate -c "$home/saldod.conf")
    say "$told" | tail -n 1 | sed 's/^/  /'
    told=$("$build/saldod" check -c "$home/saldod.conf")
    say "  $told"
    launch saldod "$build/saldod" run -c "$home/saldod.conf"
    register_bureau
    step 'A bureau with two clients is registered by SQL, a single company by configuration. First load, year by year:'
    wait_until_fresh
    show_figures
    show_change
    step "From nothing to proven figures and a change in $((($(now_ms) - started_ms) / 1000)) s."
    if [ "$mode" = up ]; then
        rm -f "$demo/owner.pid"
        : >"$demo/up"
        show_how_to
    fi
}

case $mode in
    down)
        if is_running owner; then
            fail "a demo is running in $build (process $pid): it removes everything itself; interrupt it with Ctrl-C"
        fi
        if [ -e "$demo" ] || [ -L "$demo" ]; then
            remove_all
            say 'The demo is stopped and removed.'
        fi
        ;;
    *) run ;;
esac
