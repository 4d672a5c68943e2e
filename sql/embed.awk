# Embeds SQL files into the program: part=header declares, part=source defines.
# sql/queries/NAME.sql becomes SQL_NAME (a statement with its name); sql/migrations/NNNN_NAME.sql
# becomes a row of SQL_MIGRATIONS, in order of their numbers; sql/bootstrap.sql becomes SQL_bootstrap.

function c_name(path) {
    sub(/^.*\//, "", path)
    sub(/\.sql$/, "", path)
    return path
}

function c_line(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    gsub(/\t/, "\\t", text)
    return "    \"" text "\\n\""
}

BEGIN {
    print "/* Made from sql/ by sql/embed.awk. */"
    if (part == "header") {
        print "#ifndef SALDOD_GEN_SQL_QUERIES_H\n#define SALDOD_GEN_SQL_QUERIES_H\n"
        print "struct sql_query {\n    const char *name;\n    const char *text;\n};\n"
        print "struct sql_migration {\n    int version;\n    const char *name;\n    const char *text;\n};\n"
        print "extern const struct sql_migration SQL_MIGRATIONS[];\nextern const int SQL_MIGRATIONS_COUNT;\n"
    } else {
        print "#include \"gen/sql_queries.h\"\n\n#include <stddef.h>\n#include <string.h>\n"
    }
}

FNR == 1 {
    if (part == "source" && NR > 1)
        print "    ;"
    name = c_name(FILENAME)
    is_migration = FILENAME ~ /^sql\/migrations\//
    if (is_migration)
        migrations[++count] = name
    else
        queries[++query_count] = name
    if (part == "source")
        print "static const char TEXT_" (is_migration ? "m" : "") name "[] ="
}

part == "source" { print c_line($0) }

END {
    if (part == "header") {
        for (i = 1; i <= query_count; i++)
            print "extern const struct sql_query SQL_" queries[i] ";"
        print "\n/* The statement of a thing by its name: find(\"merge\", \"asset\") is SQL_merge_asset; NULL = there is none. */"
        print "const struct sql_query *sql_query_find(const char *what, const char *of);"
        print "\n#endif"
        exit
    }
    print "    ;\n"
    for (i = 1; i <= query_count; i++)
        print "const struct sql_query SQL_" queries[i] " = { \"" queries[i] "\", TEXT_" queries[i] " };"
    print "\nstatic const struct sql_query *const QUERIES[] = {"
    for (i = 1; i <= query_count; i++)
        print "    &SQL_" queries[i] ","
    print "};\n"
    print "const struct sql_query *sql_query_find(const char *what, const char *of)\n{"
    print "    size_t len = strlen(what);"
    print "    for (size_t i = 0; i < sizeof(QUERIES) / sizeof(*QUERIES); i++) {"
    print "        const char *name = QUERIES[i]->name;"
    print "        if (strncmp(name, what, len) == 0 && name[len] == '_' && strcmp(name + len + 1, of) == 0)"
    print "            return QUERIES[i];"
    print "    }\n    return NULL;\n}"
    print "\nconst struct sql_migration SQL_MIGRATIONS[] = {"
    for (i = 1; i <= count; i++)
        print "    { " (substr(migrations[i], 1, 4) + 0) ", \"" migrations[i] "\", TEXT_m" migrations[i] " },"
    print "};\nconst int SQL_MIGRATIONS_COUNT = " count + 0 ";"
}
