#!/bin/sh
# test_package.sh - the package, from lintian to purge, in a copy of this machine that systemd really boots.
#
# The copy is an overlay of / in a mount namespace of its own, with its changes on a tmpfs and a network of its own; all of
# it is gone afterwards. Inside, tests/package/life.sh runs exactly the commands of the README. Prints TAP. Wants the two
# packages that `make check-package` builds, and skips, saying why, where it is not root or cannot boot.
set -eu

build=${SALDOD_BUILD:-build}
cd "$(dirname "$0")/../.."
here=$(pwd)
architecture=$(dpkg --print-architecture)
version=$(sed -n 's/^VERSION := //p' Makefile)
package=$build/saldod_${version}_$architecture.deb
next=$build/saldod_${version}+next_$architecture.deb

skip() {
    printf '%s\n1..1\nok 1 # SKIP life of the package\n' "$1"
    exit 0
}
# Where the copy is: work, and the folder of this run in it.
if [ "${1:-}" != inside ]; then
    for file in "$package" "$next" "$build/tests/sandbox/tripletex-sandbox"; do
        [ -e "$file" ] || {
            echo "$file is missing; run make check-package" >&2
            exit 1
        }
    done
    [ "$(id -u)" -eq 0 ] || skip 'it needs root'
    command -v systemd-nspawn >/dev/null || skip 'it needs systemd-nspawn (systemd-container)'
    work=$(mktemp -d /tmp/saldod-package.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' HUP INT TERM
    unshare -m true 2>/dev/null || skip 'it needs a mount namespace'
    unshare -m --propagation private "$0" inside "$work" || exit $?
    exit 0
fi

work=$2
mount -t tmpfs -o size=1g,mode=0755 tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root" 2>/dev/null ||
    skip 'it needs an overlay of /'
root=$work/root
home=$root/srv/saldod
mkdir -p "$home" # others may look into it, as the server does when its user runs psql

# --- a machine like a new one: no cluster but an empty one, nothing that apt would fetch ---
: >"$root/etc/machine-id"
rm -rf "$root/var/lib/apt/lists" "$root"/etc/postgresql/*/* "$root"/var/lib/postgresql/*/* "$root/etc/saldod" \
    "$root"/etc/systemd/system/*.wants
cp "$package" "$home"
mkdir "$home/next"
cp "$next" "$home/next"
cp "$build/tests/sandbox/tripletex-sandbox" tests/package/life.sh tests/package/world.json daemon/event.h "$home"
printf '%s' "$version" >"$home/version"

cat >"$root/etc/systemd/system/life.service" <<UNIT
[Service]
Type=oneshot
WorkingDirectory=/srv/saldod
Environment=HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
ExecStart=/bin/sh /srv/saldod/life.sh
StandardOutput=file:/srv/saldod/tap
StandardError=file:/srv/saldod/log
ExecStopPost=/bin/systemctl --no-block --force poweroff
UNIT
cat >"$root/etc/systemd/system/life.target" <<'UNIT'
[Unit]
Requires=basic.target life.service
After=basic.target
UNIT
timeout -k 5 240 systemd-nspawn -q -D "$root" --register=no --keep-unit --private-network --console=pipe -b \
    systemd.unit=life.target >"$work/console" 2>&1 </dev/null || true
if [ ! -s "$home/tap" ]; then
    tail -n 5 "$work/console" >&2
    skip 'systemd-nspawn cannot boot here (see above)'
fi

# --- what it says, and lintian besides ---
count=$(grep -c -E '^(not )?ok ' "$home/tap")
cat "$home/tap"
if grep -q '^not ok' "$home/tap" || ! grep -q '^end$' "$home/tap"; then
    sed 's/^/# /' "$home/log"
fi
if ! grep -q '^end$' "$home/tap"; then
    count=$((count + 1))
    echo "not ok $count - it came to its end"
fi
if lintian --allow-root --fail-on error,warning "$here/$package" >"$work/lintian" 2>&1; then
    echo "ok $((count + 1)) - lintian has nothing to say"
else
    sed 's/^/# /' "$work/lintian"
    echo "not ok $((count + 1)) - lintian has nothing to say"
fi
echo "1..$((count + 1))"
! grep -q '^not ok' "$home/tap"
