#!/bin/sh
# layers.sh - includes point down only, and each foreign library stays behind its own wall.
# Prints every offence as file:line and ends with 1 where there is one.
set -eu
cd "$(dirname "$0")/../.."

# "file:line:include" of every C file; `include` as written between its quotes or brackets.
includes() {
    find lib daemon -name '*.[ch]' -exec \
        grep -Hn '^[[:space:]]*#[[:space:]]*include' {} + | sort -t: -k1,1 -k2,2n |
        sed -n 's/^\([^:]*:[0-9]*\):[^"<]*["<]\([^">]*\)[">].*/\1:\2/p'
}

includes | awk -F: '
    function offence(why) {
        printf "%s:%s: includes \"%s\": %s\n", file, $2, include, why
        count++
    }

    # The layer of a folder; a file may include its own folder and lower layers.
    function layer(path) {
        if (path ~ /^lib\/base\//) return 1
        if (path ~ /^lib\/(http|pg|json|xml|server)\//) return 2
        if (path ~ /^lib\/(tripletex|ledger)\//) return 3
        if (path ~ /^(daemon|gen)\//) return 4
        return 0
    }

    function folder(path) {
        sub(/[^\/]*$/, "", path)
        return path
    }

    function check_project() {
        if (layer(include) > layer(file))
            offence("that layer lies above")
        else if (layer(include) == layer(file) && layer(file) < 4 && folder(include) != folder(file))
            offence("that folder lies beside")
        if (include ~ /_internal\.h$/ && folder(include) != folder(file))
            offence("it is internal to " folder(include))
    }

    # A foreign header: the expression of the files that may see it.
    function check_foreign(header, allowed, name) {
        if (include ~ header && file !~ allowed)
            offence(name " belongs behind its own wall")
    }

    BEGIN {
        SODIUM = "^(lib/base/(mem|locked)\\.c|daemon/(webhook_delivery|status_page|secret|seal|schedule|retry|fetch)\\.c)$"
    }

    {
        file = $1
        include = $3
        if (layer(include) > 0)
            check_project()
        else if (include ~ /^(lib|tests)\//)
            offence("that folder has no layer, or is a test")
        check_foreign("^curl/", "^lib/http/", "curl")
        check_foreign("^(libpq-fe|libpq|postgres)", "^lib/pg/", "libpq")
        check_foreign("^(event2/|event\\.h)", "^lib/base/loop\\.c$", "libevent")
        check_foreign("^(jansson\\.h|yajl/)", "^lib/json/", "a JSON library")
        check_foreign("^libxml/", "^lib/xml/xml_writer\\.c$", "libxml2")
        check_foreign("^ini\\.h", "^lib/base/conf\\.c$", "libinih")
        check_foreign("^systemd/sd-journal", "^lib/base/log\\.c$", "the journal")
        check_foreign("^systemd/sd-daemon", "^daemon/service\\.c$", "sd_notify")
        check_foreign("^sodium", SODIUM, "libsodium")
        lines++
    }

    END {
        if (lines == 0) {
            print "layers: no includes found: is this the source tree?"
            exit 1
        }
        if (count > 0) {
            printf "layers: %d offences\n", count
            exit 1
        }
        printf "layers: %d includes point down\n", lines
    }'
