# Embeds the status page into the program: part=header declares, part=source defines STATUS_PAGE.

function c_line(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/\?/, "\\?", text)
    return "    \"" text "\\n\""
}

BEGIN {
    print "/* Made from daemon/status_page.html by daemon/status_page.awk. */"
    if (part == "header") {
        print "#ifndef SALDOD_GEN_STATUS_PAGE_H\n#define SALDOD_GEN_STATUS_PAGE_H\n"
        print "extern const char STATUS_PAGE[];\n\n#endif"
        exit
    }
    print "#include \"gen/status_page.h\"\n\nconst char STATUS_PAGE[] ="
}

{ print c_line($0) }

END {
    if (part == "source")
        print "    ;"
}
