#!/bin/sh
# prometheus.sh - the sample alert rules do what they say, and they and the dashboard name metrics
# that there are. Where promtool is not installed it is unpacked from Debian's package prometheus, which is
# not installed, for that would start a server; where that can't be had only the names are checked.
set -eu
cd "$(dirname "$0")/../.."

unknown=0
for name in $(grep -ho '\b\(saldod\|process\)_[a-z_]*[a-z]' config/prometheus-rules.yml config/grafana-dashboard.json | sort -u); do
    family=${name%_bucket}
    grep -qF "\"$family\"" daemon/metrics.c daemon/status_metrics.c || {
        echo "prometheus: config/ names $name, which the daemon does not have"
        unknown=1
    }
done
[ "$unknown" -eq 0 ] || exit 1

unpack_promtool() {
    folder=$1
    [ -x "$folder/usr/bin/promtool" ] && return
    rm -rf "$folder" && mkdir -p "$folder"
    (cd "$folder" && apt-get download prometheus && dpkg-deb -x prometheus_*.deb .) >/dev/null 2>&1
    rm -f "$folder"/prometheus_*.deb
    [ -x "$folder/usr/bin/promtool" ]
}

promtool=$(command -v promtool) || promtool=$PWD/build/prometheus/usr/bin/promtool
if ! [ -x "$promtool" ] && ! unpack_promtool "$PWD/build/prometheus"; then
    echo "prometheus: all metrics are known; there is no promtool: the rules were not run"
    exit 0
fi
"$promtool" check rules config/prometheus-rules.yml >/dev/null
"$promtool" test rules tests/lint/prometheus-rules-test.yml >/dev/null
echo "prometheus: rules and dashboard are in order"
