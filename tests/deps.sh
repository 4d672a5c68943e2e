#!/bin/sh
# deps.sh PACKAGE... - installs the Debian packages that are missing; does nothing when all are there.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "deps: this is no Debian system; make sure that these are there: $*" >&2
    exit 0
fi
missing=''
for package in $(printf '%s\n' "$@" | sort -u); do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=''
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "deps: missing:$missing" >&2
        echo "deps: ask an administrator to run: apt-get install -y$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "deps: installing$missing" >&2
# shellcheck disable=SC2086 # a list of words
install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing"
$install >/dev/null 2>&1 && exit 0
$as_root apt-get update >/dev/null
$install >/dev/null
