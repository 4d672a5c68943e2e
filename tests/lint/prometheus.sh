#!/bin/sh
# prometheus.sh - the sample alert rules do what they say, and they and the dashboard name metrics
# that there are. Without promtool (Debian package prometheus) only the names are checked.
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

if ! command -v promtool >/dev/null 2>&1; then
    echo "prometheus: all metrics are known; promtool is not installed: the rules were not run"
    exit 0
fi
promtool check rules config/prometheus-rules.yml >/dev/null
promtool test rules tests/lint/prometheus-rules-test.yml >/dev/null
echo "prometheus: rules and dashboard are in order"
