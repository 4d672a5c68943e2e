#!/bin/sh
# life.sh - inside the booted copy: installs, uses, reloads, upgrades, removes and purges saldod with the commands of the
# README that came with the package. Prints TAP; what the commands print goes to standard error.
set -u

home=/srv/saldod
readme=/usr/share/doc/saldod/README.md
number=0
WAIT_S=30

# check NAME COMMAND... - one test.
check() {
    name=$1
    shift
    number=$((number + 1))
    if "$@" >&2; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "--- failed: $name: $*" >&2
    fi
}

# wait_for NAME COMMAND... - asks again until it is so.
wait_for() {
    name=$1
    shift
    until_s=$(($(date +%s) + WAIT_S))
    while ! "$@" >/dev/null 2>&1 && [ "$(date +%s)" -lt "$until_s" ]; do
        sleep 0.1
    done
    check "$name" "$@"
}

# documented NAME - the block of the README behind <!-- run: NAME -->, as it stands there.
documented() {
    awk -v mark="<!-- run: $1 -->" '
        $0 == mark { armed = 1; next }
        armed && /^```sh$/ { inside = 1; next }
        inside && /^```$/ { exit }
        inside { print }' "$readme"
}

run() {
    documented "$1" >"$home/block.sh"
    check "README: $1" sh -e "$home/block.sh"
}

property() { systemctl show -P "$1" saldod; }
ask() { runuser -u postgres -- psql -qXAt saldod -c "$1"; }
says() { [ "$(ask "$1")" = "$2" ]; }
property_is() { [ "$(property "$1")" = "$2" ]; }
property_has() { property "$1" | grep -q -e "$2"; }
not() { ! "$@"; }
journal_has() { journalctl -q -u saldod -o cat | grep -q -e "$1"; }
alert_has() { journalctl -q -t saldod-alert -o cat | grep -q -e "$1"; }
journal_has_field() { journalctl -q -u saldod -o json | grep -q -e "\"$1\":\"$2\""; }
is_fresh() { says "SELECT bool_and(state = 'fresh' AND verified) FROM finale.client" t; }
is_fresh_after() { says "SELECT bool_and(state = 'fresh' AND verified AND fresh_as_of > '$1') FROM finale.client" t; }
now() { ask 'SELECT clock_timestamp()'; }
exposure_is_low() { systemd-analyze security --threshold=12 saldod.service >/dev/null; }
has_mode() { [ "$(stat -c '%a %U' "$1")" = "$2" ]; }

# --- what a new machine has: a cluster, and Tripletex somewhere ---
cp "$readme" "$home/old-readme" 2>/dev/null
pg_createcluster "$(ls /usr/lib/postgresql | sort -V | tail -n 1)" main >&2
systemctl daemon-reload
systemctl start postgresql "postgresql@$(ls /etc/postgresql)-main" >&2
"$home/tripletex-sandbox" --port-file "$home/port" --world "$home/world.json" >&2 &
sandbox=$!

# --- package ---
cd "$home" || exit 1
dpkg-deb --fsys-tarfile ./saldod_*_amd64.deb | tar -xO ./usr/share/doc/saldod/README.md >"$home/README.md"
readme=$home/README.md
documented package >"$home/block.sh"
check 'README: package' sh -e "$home/block.sh"
readme=/usr/share/doc/saldod/README.md
check 'the user is there' getent passwd saldod
check 'it is not enabled' not systemctl is-enabled --quiet saldod
check 'it is not started' not systemctl is-active --quiet saldod
check 'the credentials are for root only' has_mode /etc/saldod/credentials '700 root'
check 'the configuration can be read' has_mode /etc/saldod/saldod.conf '644 root'
check 'manual pages are found' man -w saldod saldod.conf
check 'the exposure is 1.2 or better' exposure_is_low
check 'without configured secrets it does not start' not timeout 20 systemctl start saldod
systemctl reset-failed saldod
check 'migrate without a database says so' not runuser -u saldod -- saldod migrate

# Not documented: which Tripletex it is.
mkdir /etc/saldod/saldod.conf.d
wait_for 'the sandbox is there' test -s "$home/port"
cat >/etc/saldod/saldod.conf.d/sandbox.conf <<CONF
[tripletex]
base_url = http://127.0.0.1:$(cat "$home/port")/v2
[schedule]
pull_interval = 1s
CONF

# --- first steps ---
run database
documented secrets >"$home/block.sh"
echo consumer-token-of-the-package-test >"$home/typed"
check 'README: secrets' sh -e -c ". '$home/block.sh'" <"$home/typed"
rm "$home/typed"
check 'the secrets are for root only' has_mode /etc/saldod/credentials/seal-key '600 root'
run service
check 'it is running, and ready' property_is SubState running
wait_for 'the status says that there is no client' property_has StatusText 'no client'
run client
wait_for 'the client is fresh and verified' is_fresh
run status
run figures
wait_for 'the status line counts the fresh' property_has StatusText '1 fresh'
check 'the token is sealed' says "SELECT bool_and(employee_token LIKE 'sealed:%') FROM bureau.bureau" t
check 'nothing is pulled from elsewhere' says 'SELECT count(*) > 0 FROM finale.posting' t
check 'saldod status is quiet for another user' not runuser -u nobody -- saldod status

check 'the journal knows the event' journal_has_field MESSAGE_ID "$(sed -n 's/^#define EVENT_READY "\([0-9a-f]*\)".*/\1/p' "$home/event.h")"
check 'and the bureau' journal_has_field SALDOD_BUREAU 'Regnskap Nord AS'

# --- reload ---
printf '[schedule]\ncold_interval = 2h\n' >/etc/saldod/saldod.conf.d/more.conf
run reload
wait_for 'the log says what changed' journal_has 'cold_interval.*2h'
printf '[schedule]\ncold_interval = never\n' >/etc/saldod/saldod.conf.d/more.conf
check 'a faulty file is refused' not systemctl reload saldod
check 'the journal names the line' journal_has 'more.conf:2'
check 'it goes on' property_is SubState running
rm /etc/saldod/saldod.conf.d/more.conf
kill -HUP "$(property MainPID)"
wait_for 'a signal reloads as well' journal_has 'cold_interval.*1h'

# --- alert: the command runs within the hardening of the unit ---
printf '#!/bin/sh\nexec logger -t saldod-alert\n' >/usr/local/bin/tell
chmod 0755 /usr/local/bin/tell
printf '[alert]\ncommand = /usr/local/bin/tell\n' >/etc/saldod/saldod.conf.d/alert.conf
systemctl reload saldod
ask "SET ROLE saldod_admin; SELECT bureau.add_client('811126489', 'Nordlys ANS', 'Regnskap Nord AS')" >&2
wait_for 'an alert is told by a command' alert_has '"event": *"begun"'
check 'for the client without access' alert_has 811126489
ask "SET ROLE saldod_admin; SELECT bureau.purge_client('811126489')" >&2
rm /etc/saldod/saldod.conf.d/alert.conf
systemctl reload saldod

# --- watchdog ---
mkdir -p /run/systemd/system/saldod.service.d
printf '[Service]\nWatchdogSec=1s\nRestartSec=100ms\n' >/run/systemd/system/saldod.service.d/test.conf
systemctl daemon-reload
systemctl restart saldod
kill -STOP "$(property MainPID)"
wait_for 'the watchdog restarts what hangs' property_is NRestarts 1
wait_for 'and it is ready again' property_is SubState running
rm /run/systemd/system/saldod.service.d/test.conf
systemctl daemon-reload
systemctl restart saldod
kill -9 "$(property MainPID)"
wait_for 'what was killed comes back' property_is SubState running
before=$(now)
wait_for 'and pulls' is_fresh_after "$before"

# --- seal key ---
old=$(ask 'SELECT employee_token FROM bureau.bureau')
run seal
check 'the token is sealed anew' not says 'SELECT employee_token FROM bureau.bureau' "$old"
before=$(now)
wait_for 'and still serves' is_fresh_after "$before"

# --- upgrade ---
cd "$home/next" || exit 1
echo '# a change of the administrator' >>/etc/saldod/saldod.conf
pid=$(property MainPID)
rows=$(ask 'SELECT count(*) FROM finale.posting')
run upgrade
wait_for 'it was restarted' not property_is MainPID "$pid"
wait_for 'and is ready' property_is SubState running
check 'the configuration was kept' grep -q 'change of the administrator' /etc/saldod/saldod.conf
check 'the data were kept' says 'SELECT count(*) FROM finale.posting' "$rows"
before=$(now)
wait_for 'and it pulls' is_fresh_after "$before"

# --- upgrade while the service waits for its database ---
systemctl stop postgresql
systemctl --no-block restart saldod
wait_for 'it waits' property_is ActiveState activating
pid=$(property MainPID)
check 'an upgrade does not wait with it' dpkg --install saldod_*.deb
wait_for 'the new one waits in its place' not property_is MainPID "$pid"
systemctl start postgresql
wait_for 'and is ready with the database' property_is SubState running

# --- secrets ---
journalctl -q >"$home/journal"
runuser -u postgres -- pg_dump saldod >"$home/dump"
check 'no secret in the journal' not grep -q 'consumer-token-of-the-package-test' "$home/journal"
check 'no secret in the dump' not grep -q 'consumer-token-of-the-package-test' "$home/dump"
check 'nor on a command line' not grep -rqa 'consumer-token-of-the-package-test' "/proc/$(property MainPID)/cmdline" \
    "/proc/$(property MainPID)/environ"

# --- end ---
run remove
check 'the service is gone' not systemctl is-active --quiet saldod
check 'the program is gone' test ! -e /usr/bin/saldod
check 'the configuration is kept' test -e /etc/saldod/saldod.conf -a -e /etc/saldod/credentials/seal-key
check 'the database is kept' says 'SELECT count(*) FROM finale.posting' "$rows"
readme=$home/README.md
run purge
check 'configuration and secrets are gone' test ! -e /etc/saldod
check 'so is the package' not dpkg-query -W saldod
check 'no unit failed or is left' not systemctl cat saldod
kill "$sandbox"
journalctl -q -u saldod >&2
echo end
