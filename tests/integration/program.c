#include "tests/integration/program.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/folder.h"
#include "tests/integration/process.h"

struct program {
    struct process *process;
    char *out, *err;
};

struct program *program_start(const struct folder *folder, const char *build, const char *name,
                              const char *const *words)
{
    struct program *program = mem_new(1, sizeof(*program));
    const char *argv[PROGRAM_WORDS_MAX + 1] = { NULL };
    AUTO_FREE char *path = mem_printf("%s/saldod", build);
    AUTO_FREE char *out_name = mem_printf("%s.out", name);
    AUTO_FREE char *err_name = mem_printf("%s.err", name);
    AUTO_FREE char *wrapper = mem_strdup(getenv("SALDOD_WRAPPER"));
    char *rest = NULL;
    int count = 0;
    program->out = folder_put(folder, out_name, 0600, "");
    program->err = folder_put(folder, err_name, 0600, "");
    for (char *word = wrapper ? strtok_r(wrapper, " ", &rest) : NULL;
         word && count < PROGRAM_WORDS_MAX - 1; word = strtok_r(NULL, " ", &rest))
        argv[count++] = word;
    argv[count++] = path;
    for (int i = 0; words[i] && count < PROGRAM_WORDS_MAX; i++)
        argv[count++] = words[i];
    const struct process_options options = { .argv = argv,
                                             .out = program->out,
                                             .err = program->err };
    program->process = process_start(&options);
    return program;
}

int program_id(const struct program *program)
{
    return process_id(program->process);
}

void program_signal(const struct program *program, int signal_number)
{
    process_signal(program->process, signal_number);
}

int program_is_alive(struct program *program)
{
    return process_is_alive(program->process);
}

int program_wait(struct program *program, int64_t wait_ms)
{
    int status = process_wait(program->process, wait_ms);
    if (status < 0)
        fail_msg("saldod has not ended within %lld ms", (long long)wait_ms);
    return status;
}

char *program_out(const struct program *program)
{
    return folder_read(program->out);
}

char *program_err(const struct program *program)
{
    return folder_read(program->err);
}

void program_free(struct program *program)
{
    if (!program)
        return;
    process_stop(program->process, SIGKILL);
    free(program->out);
    free(program->err);
    free(program);
}
