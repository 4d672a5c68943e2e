/* The command line. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "daemon/command.h"
#include "daemon/settings.h"

enum {
    OPTION_CONFIG = 1,
    OPTION_JSON = 2,
    OPTION_OPERANDS = 4,
    OPTION_NEW_KEY = 8,
    OPTION_EXPORT = 16,
    OPTION_NO_CREDENTIALS = 32,
};
enum { HELP_COLUMN = 28 };

static const struct command {
    const char *name;
    command_fn *run;
    int options;
    const char *usage;
    const char *help;
} COMMANDS[] = {
    { "run", command_run, OPTION_CONFIG, "run [-c FILE]", "run the daemon in the foreground" },
    { "migrate", command_migrate, OPTION_CONFIG, "migrate [-c FILE]",
      "create or upgrade the schema of the database; safe to repeat" },
    { "check", command_check, OPTION_CONFIG | OPTION_NO_CREDENTIALS,
      "check [-c FILE] [--no-credentials]",
      "validate configuration, credentials and schema; exit 78 on a fault" },
    { "pull", command_pull, OPTION_CONFIG | OPTION_OPERANDS, "pull [-c FILE] [ORGNR ...]",
      "pull clients now (all of them by default); exit 1 if one failed" },
    { "status", command_status, OPTION_CONFIG | OPTION_JSON, "status [-c FILE] [--json]",
      "show clients, freshness, errors, budgets and sessions" },
    { "seal", command_seal, OPTION_CONFIG | OPTION_NEW_KEY, "seal [-c FILE] --new-key FILE",
      "seal every secret of the database again under a new key" },
    { "export", command_export, OPTION_CONFIG | OPTION_OPERANDS | OPTION_EXPORT,
      "export [-c FILE] ORGNR YEAR --format saft|saldo|csv [-o FILE] "
      "[--encoding utf8|windows-1252]",
      "write a complete fiscal year to a file, or to standard output" },
};

/* Options with a value, as "-o FILE", "--output FILE" or "--output=FILE". */
static const struct value_option {
    const char *shorter, *longer;
    int option;
    size_t place; /* in struct command_args */
    const char *needs;
} VALUE_OPTIONS[] = {
    { "-c", "--config", OPTION_CONFIG, offsetof(struct command_args, config_file),
      "option needs a file" },
    { NULL, "--new-key", OPTION_NEW_KEY, offsetof(struct command_args, new_key),
      "option needs a file" },
    { NULL, "--format", OPTION_EXPORT, offsetof(struct command_args, format),
      "option needs saft, saldo or csv" },
    { "-o", "--output", OPTION_EXPORT, offsetof(struct command_args, output),
      "option needs a file" },
    { NULL, "--encoding", OPTION_EXPORT, offsetof(struct command_args, encoding),
      "option needs utf8 or windows-1252" },
};

static void print_help(FILE *out)
{
    (void)fprintf(out, "saldod %s - mirrors Tripletex ledgers into PostgreSQL\n\nUsage:\n",
                  SALDOD_VERSION);
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        int is_long = strlen(COMMANDS[i].usage) > HELP_COLUMN;
        (void)fprintf(out, "  saldod %-*s%s%s\n", HELP_COLUMN, COMMANDS[i].usage,
                      is_long ? "\n                                      " : " ", COMMANDS[i].help);
    }
    (void)fprintf(out,
                  "\nOptions:\n"
                  "  -c, --config FILE   the configuration (default %s)\n"
                  "      --json          of status: one JSON document\n"
                  "      --no-credentials  of check: leave out secrets that are credential:NAME\n"
                  "      --new-key FILE  of seal: the new key\n"
                  "      --format FORM   of export: saft (SAF-T Financial 1.30), saldo or csv\n"
                  "  -o, --output FILE   of export: the file (default standard output)\n"
                  "      --encoding SET  of export: utf8 (default) or windows-1252\n"
                  "  -h, --help          this text\n"
                  "      --version       the version\n"
                  "\nExit status: 0 done, 1 failed, 64 wrong usage, 78 wrong configuration.\n",
                  SETTINGS_DEFAULT_FILE);
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    }
    return NULL;
}

static int wrong_usage(const char *what, const char *word)
{
    (void)fprintf(stderr, "saldod: %s%s%s\nTry: saldod --help\n", what, word ? ": " : "",
                  word ? word : "");
    return COMMAND_WRONG_USAGE;
}

static int is_option(const char *word, const char *shorter, const char *longer)
{
    return strcmp(word, longer) == 0 || (shorter && strcmp(word, shorter) == 0);
}

/* 1 = `word` is an option with a value, and its value was taken; 0 = it is none. */
static int take_value(const struct command *command, char **argv, int argc, int *i,
                      struct command_args *args)
{
    const char *word = argv[*i];
    for (size_t j = 0; j < ARRAY_LEN(VALUE_OPTIONS); j++) {
        const struct value_option *option = &VALUE_OPTIONS[j];
        const char **place = (const char **)((char *)args + option->place);
        size_t len = strlen(option->longer);
        if (!(command->options & option->option))
            continue;
        if (strncmp(word, option->longer, len) == 0 && word[len] == '=') {
            *place = word + len + 1;
            return 1;
        }
        if (!is_option(word, option->shorter, option->longer))
            continue;
        if (++*i == argc)
            return wrong_usage(option->needs, word);
        *place = argv[*i];
        return 1;
    }
    return 0;
}

/* One word of the command line. 0 = taken, 1 = it was answered, otherwise an exit status. */
static int take_word(const struct command *command, char **argv, int argc, int *i,
                     struct command_args *args)
{
    const char *word = argv[*i];
    if (is_option(word, "-h", "--help")) {
        (void)printf("Usage: saldod %s\n%s\n", command->usage, command->help);
        return 1;
    }
    if (is_option(word, "-V", "--version")) {
        (void)printf("saldod %s\n", SALDOD_VERSION);
        return 1;
    }
    int ret = take_value(command, argv, argc, i, args);
    if (ret != 0)
        return ret == 1 ? 0 : ret;
    if (is_option(word, NULL, "--json") && (command->options & OPTION_JSON)) {
        args->is_json = 1;
        return 0;
    }
    if (is_option(word, NULL, "--no-credentials") && (command->options & OPTION_NO_CREDENTIALS)) {
        args->is_without_credentials = 1;
        return 0;
    }
    if (word[0] == '-' && word[1] != '\0')
        return wrong_usage("unknown option", word);
    if (!(command->options & OPTION_OPERANDS))
        return wrong_usage("unexpected word", word);
    argv[args->operands_count++] = argv[*i]; /* what was read already is overwritten */
    return 0;
}

/* Secrets are in memory: no core, no debugger of another user. */
static void protect_memory(void)
{
    const struct rlimit none = { 0, 0 };
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
}

int main(int argc, char **argv)
{
    struct command_args args = { .config_file = SETTINGS_DEFAULT_FILE };
    if (argc < 2)
        return wrong_usage("a command is needed", NULL);
    if (is_option(argv[1], "-h", "--help") || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return COMMAND_DONE;
    }
    if (is_option(argv[1], "-V", "--version")) {
        (void)printf("saldod %s\n", SALDOD_VERSION);
        return COMMAND_DONE;
    }
    const struct command *command = find_command(argv[1]);
    if (!command)
        return wrong_usage(argv[1][0] == '-' ? "unknown option" : "unknown command", argv[1]);
    args.operands = argv;
    for (int i = 2; i < argc; i++) {
        int ret = take_word(command, argv, argc, &i, &args);
        if (ret != 0)
            return ret == 1 ? COMMAND_DONE : ret;
    }
    protect_memory();
    return command->run(&args);
}
