#!/bin/sh
# run.sh BUILD SECONDS - runs every fuzzer of BUILD/fuzz for so long, two at a time.
# Begins with the corpus of the source tree; new inputs stay below BUILD. Ends with 1 on a finding,
# and says how to see it again.
set -eu
cd "$(dirname "$0")/../.."

if [ $# -ne 2 ]; then
    echo "usage: tests/fuzz/run.sh BUILD SECONDS" >&2
    exit 64
fi
build=$1
seconds=$2
found="$build/fuzz/findings"
rm -rf "$found"
mkdir -p "$found"

# One fuzzer; leaves its output in a log, and its name in `failed` where it found something.
run_one() {
    name=$(basename "$1")
    seeds="tests/corpus/${name#fuzz_}"
    grown="$build/fuzz/corpus/$name"
    log="$build/fuzz/$name.log"
    mkdir -p "$grown" "$found/$name"
    set -- "$grown"
    [ -d "$seeds" ] && set -- "$@" "$seeds"
    if "$build/fuzz/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$found/$name/" "$@" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
        echo "fuzz: $name: nothing found in ${runs:-?} runs"
        return
    fi
    echo "$name" >>"$found/failed"
}

report() {
    name=$1
    echo "fuzz: $name FOUND something; the end of $build/fuzz/$name.log:"
    tail -n 25 "$build/fuzz/$name.log" | sed 's/^/    /'
    for input in "$found/$name"/*; do
        [ -f "$input" ] && echo "fuzz: to see it again: $build/fuzz/$name $input"
    done
}

count=0
for program in "$build"/fuzz/fuzz_*; do
    { [ -f "$program" ] && [ -x "$program" ]; } || continue
    run_one "$program" &
    count=$((count + 1))
    [ $((count % 2)) -eq 1 ] || wait
done
wait
if [ "$count" -eq 0 ]; then
    echo "fuzz: there is no fuzzer in $build/fuzz" >&2
    exit 1
fi
if [ -f "$found/failed" ]; then
    while read -r name; do
        report "$name"
    done <"$found/failed"
    exit 1
fi
rm -rf "$found"
echo "fuzz: $count fuzzers, $seconds s each, nothing found"
