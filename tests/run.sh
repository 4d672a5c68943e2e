#!/bin/sh
# run.sh BUILD KIND... - runs the tests of these kinds (unit, sql, integration; all = the three; package) and counts
# them.
#
# Each program has a time limit and leaves what it printed in BUILD/check/KIND-NAME.log; the logs of those that fail
# are shown. The last line is "N passed" when nothing failed. TEST_WRAPPER holds words put before each program, such as
# "valgrind -q"; TEST_LIMIT the seconds that one may take (300).
set -eu

[ $# -ge 2 ] || {
    echo "usage: $0 BUILD unit|sql|integration|package|all ..." >&2
    exit 64
}
build=$1
shift
cd "$(dirname "$0")/.."
limit=${TEST_LIMIT:-300}
logs=$build/check
passed=0
failed=0
skipped=0

mkdir -p "$logs"
folder=$(mktemp -d /tmp/saldod-check.XXXXXX)
chmod 0711 "$folder"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' HUP INT TERM

count() {
    grep -a -c -E "$1" "$2" || true
}

# add NAME PASSED FAILED SKIPPED SECONDS LOG - one line for a program, and its log where something failed.
add() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    skipped=$((skipped + $4))
    verdict=ok
    [ "$3" -eq 0 ] || verdict=FAILED
    printf '%-6s %-36s %4d passed %3d failed %3d skipped %4d s\n' "$verdict" "$1" "$2" "$3" "$4" "$5"
    [ "$3" -eq 0 ] || sed 's/^/    | /' "$6"
}

# The line before the one that says so is the reason, where the test gave one.
name_skipped() {
    awk '/^(not )?ok [0-9]+ # SKIP/ {
             reason = before ~ /^(not )?ok |^1\.\./ ? "no reason given" : before
             sub(/^(not )?ok [0-9]+ # SKIP /, "")
             print "       skipped " $0 ": " reason
         }
         { before = $0 }' "$1"
}

# run_program KIND PROGRAM
run_program() {
    name=$(basename "$2")
    log=$logs/$1-$name.log
    begun=$(date +%s)
    status=0
    # shellcheck disable=SC2086 # TEST_WRAPPER is a list of words
    CMOCKA_MESSAGE_OUTPUT=TAP SALDOD_TEST_FOLDER=$folder timeout -k 10 "$limit" ${TEST_WRAPPER:-} "$2" \
        >"$log" 2>&1 </dev/null || status=$?
    seconds=$(($(date +%s) - begun))
    left_out=$(count '^(not )?ok [0-9]+ # SKIP' "$log")
    good=$(($(count '^ok [0-9]+ ' "$log") - $(count '^ok [0-9]+ # SKIP' "$log")))
    bad=$(($(count '^not ok [0-9]+ ' "$log") - $(count '^not ok [0-9]+ # SKIP' "$log")))
    if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
        echo "$name took longer than $limit s" >>"$log"
        bad=$((bad + 1))
    elif [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
        echo "$name ended with status $status" >>"$log"
        bad=1
    elif [ "$((good + bad + left_out))" -eq 0 ]; then
        echo "$name ran no test" >>"$log"
        bad=1
    fi
    add "$1/$name" "$good" "$bad" "$left_out" "$seconds" "$log"
    name_skipped "$log"
}

# run_programs KIND - those that have a source; what an older build left behind is not run.
run_programs() {
    for source in "tests/$1"/test_*.c; do
        [ -e "$source" ] || continue
        program=$build/tests/$1/$(basename "$source" .c)
        if [ -x "$program" ]; then
            run_program "$1" "$program"
        else
            echo "$program is not built; run make tests" >"$logs/$1-absent.log"
            add "$1/$(basename "$source" .c)" 0 1 0 0 "$logs/$1-absent.log"
        fi
    done
}

run_sql() {
    log=$logs/sql.log
    begun=$(date +%s)
    status=0
    timeout -k 10 "$limit" tests/sql/run.sh >"$log" 2>&1 </dev/null || status=$?
    good=$(sed -n 's/^sql: \([0-9]*\) passed, .*/\1/p' "$log")
    bad=$(sed -n 's/^sql: [0-9]* passed, \([0-9]*\) failed$/\1/p' "$log")
    [ "$status" -eq 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1
    add sql "${good:-0}" "${bad:-1}" 0 "$(($(date +%s) - begun))" "$log"
}

for kind in "$@"; do
    case $kind in
    unit | integration) run_programs "$kind" ;;
    sql) run_sql ;;
    package) SALDOD_BUILD=$build run_program package tests/package/test_package.sh ;;
    all)
        run_programs unit
        run_sql
        run_programs integration
        ;;
    *)
        echo "$0: unknown kind: $kind" >&2
        exit 64
        ;;
    esac
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ] || exit 1
echo "$passed passed"
