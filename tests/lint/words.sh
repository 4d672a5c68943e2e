#!/bin/sh
# words.sh - words that must not stand in the sources: marks of unfinished work, functions that
# cannot be used safely, sleeping in tests, and what the house style leaves out.
# Prints every offence as file:line and ends with 1 where there is one.
set -eu
cd "$(dirname "$0")/../.."

offences=$(mktemp)
found=$(mktemp)
trap 'rm -f "$offences" "$found"' EXIT
trap 'exit 1' INT TERM

# forbid WHY EXPRESSION PATHSPEC... - among the files that git knows or would add.
forbid() {
    why=$1
    expression=$2
    shift 2
    hits=0
    git grep --untracked -nIP -e "$expression" -- "$@" ':!tests/lint' >"$found" || hits=$?
    if [ "$hits" -gt 1 ]; then
        echo "words: the search for $expression failed" >&2
        exit 1
    fi
    sed "s|\$|    <- $why|" "$found" >>"$offences"
}

forbid 'finish it, or file an issue' '\b(TODO|FIXME|XXX|HACK)\b' .
forbid 'that function has no bounds: use lib/base/buf.h or snprintf' \
    '\b(strcpy|strcat|sprintf|vsprintf|gets|stpcpy)[ ]*\(' '*.[ch]'
forbid 'it keeps a state or hides errors: use strtok_r, strtol with a check' \
    '\b(strtok|atoi|atol|atof)[ ]*\(' '*.[ch]'
forbid 'no shell is started by the product' '\b(system|popen)[ ]*\(' 'lib/*' 'daemon/*' 'tests/sandbox/*'
forbid 'wait for what is to happen, not for a time' '(?<![a-z_])(sleep|usleep|nanosleep)[ ]*\(' \
    'tests/**/test_*.c' 'tests/sandbox/*.c'
forbid 'structs are named by struct' '\btypedef[ ]+(struct|union|enum)\b' '*.[ch]'
forbid 'no package registry is named here' \
    '\b(deb\.debian\.org|security\.debian\.org|pypi\.org|registry\.npmjs\.org|crates\.io|proxy\.golang\.org)\b' .

# A comment of C++: two slashes that stand neither in a string nor in a comment of C.
# shellcheck disable=SC2016 # the dollars are awk's
git ls-files -z --cached --others --exclude-standard '*.[ch]' | xargs -0 gawk '
    FNR == 1 { in_comment = 0 }
    {
        rest = $0
        while (rest != "") {
            if (in_comment) {
                at = index(rest, "*/")
                if (!at) next
                rest = substr(rest, at + 2)
                in_comment = 0
            } else if (match(rest, /"([^"\\]|\\.)*"|\x27([^\x27\\]|\\.)\x27|\/\*|\/\//)) {
                mark = substr(rest, RSTART, 2)
                if (mark == "//") {
                    printf "%s:%d:%s    <- comments are /* */\n", FILENAME, FNR, $0
                    next
                }
                rest = substr(rest, RSTART + RLENGTH)
                in_comment = mark == "/*"
            } else {
                next
            }
        }
    }' >>"$offences"

if [ -s "$offences" ]; then
    cat "$offences"
    echo "words: $(wc -l <"$offences") offences"
    exit 1
fi
echo "words: none that is forbidden"
