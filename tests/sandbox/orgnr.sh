#!/bin/sh
# orgnr.sh [N] [FIRST] - print N organisation numbers with a right control digit, from FIRST on.
exec awk -v n="${1:-1}" -v first="${2:-91000000}" 'BEGIN {
    split("3 2 7 6 5 4 3 2", weight, " ")
    for (number = first; made < n; number++) {
        sum = 0
        for (i = 1; i <= 8; i++)
            sum += weight[i] * substr(number, i, 1)
        digit = (11 - sum % 11) % 11
        if (digit < 10) {
            print number "" digit
            made++
        }
    }
}'
