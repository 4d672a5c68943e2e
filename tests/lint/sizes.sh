#!/bin/sh
# sizes.sh - functions of at most 60 lines, files of at most 600, lines of at most 100 columns.
# Prints every offence as file:line and ends with 1 where there is one.
set -eu
cd "$(dirname "$0")/../.."

FUNCTION_LINES=60
FILE_LINES=600
COLUMNS=100

offences=$(mktemp)
trap 'rm -f "$offences"' EXIT
trap 'exit 1' INT TERM
files=$(find lib daemon tests/sandbox -name '*.[ch]' | sort)

# shellcheck disable=SC2086 # a list of words
ctags -f - --languages=C --langmap=C:.c.h --kinds-C=f --fields=+ne --excmd=number $files |
    awk -F '\t' -v max="$FUNCTION_LINES" '
        {
            line = end = 0
            for (i = 3; i <= NF; i++) {
                if ($i ~ /^line:/) line = substr($i, 6)
                if ($i ~ /^end:/) end = substr($i, 5)
            }
            if (end - line + 1 > max)
                printf "%s:%d: %s() has %d lines, more than %d\n", $2, line, $1, end - line + 1, max
        }' >>"$offences"

for file in $files; do
    lines=$(wc -l <"$file")
    [ "$lines" -le "$FILE_LINES" ] ||
        echo "$file:$lines: the file has $lines lines, more than $FILE_LINES" >>"$offences"
done

# Columns, not bytes: a letter of Norwegian is one.
# shellcheck disable=SC2016 # the dollars are awk's
find lib daemon tests -name '*.[ch]' | sort | LC_ALL=C.UTF-8 xargs gawk -v max="$COLUMNS" '
    length($0) > max {
        printf "%s:%d: the line has %d columns, more than %d\n", FILENAME, FNR, length($0), max
    }' >>"$offences"

if [ -s "$offences" ]; then
    cat "$offences"
    echo "sizes: $(wc -l <"$offences") offences"
    exit 1
fi
echo "sizes: all files, functions and lines are within their limits"
