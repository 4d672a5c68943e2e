#include "tests/integration/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "lib/base/mem.h"

enum {
    PAUSE_MS = 10,
    STOP_MS = 15000,
    STATUS_CANNOT_RUN = 127,
    STATUS_SIGNAL = 128,
};

struct process {
    pid_t pid;
    int is_ended;
    int status;
};

int64_t process_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void process_pause(void)
{
    const struct timespec moment = { .tv_nsec = PAUSE_MS * 1000000L };
    (void)nanosleep(&moment, NULL);
}

void process_pause_after(int64_t begun_ms)
{
    int64_t until_ms = 2 * process_now_ms() - begun_ms;
    do
        process_pause();
    while (process_now_ms() < until_ms);
}

/* --- in the child --- */

static void become_user(const char *name)
{
    const struct passwd *user = getpwnam(name);
    if (!user || setgid(user->pw_gid) < 0 || initgroups(name, user->pw_gid) < 0 ||
        setuid(user->pw_uid) < 0) {
        (void)fprintf(stderr, "cannot become user %s: %s\n", name, strerror(errno));
        _exit(STATUS_CANNOT_RUN);
    }
}

static void redirect(const char *path, int fd)
{
    int file = open(path ? path : "/dev/null", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || dup2(file, fd) < 0)
        _exit(STATUS_CANNOT_RUN);
}

static void child_run(const struct process_options *options, pid_t parent)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    redirect(options->out, STDOUT_FILENO);
    redirect(options->err, STDERR_FILENO);
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)dup2(null_fd, STDIN_FILENO);
    if (options->folder && chdir(options->folder) < 0)
        _exit(STATUS_CANNOT_RUN);
    if (options->user && geteuid() == 0)
        become_user(options->user);
    /* After the change of user, which would undo it. */
    (void)prctl(PR_SET_PDEATHSIG, options->death_signal ? options->death_signal : SIGKILL);
    if (getppid() != parent)
        _exit(STATUS_CANNOT_RUN);
    /* execvp() promises not to change them, its type does not say so. */
    union {
        const char *const *in;
        char *const *out;
    } argv = { .in = options->argv };
    (void)execvp(argv.out[0], argv.out);
    (void)fprintf(stderr, "%s: %s\n", argv.out[0], strerror(errno));
    _exit(STATUS_CANNOT_RUN);
}

/* --- outside --- */

struct process *process_start(const struct process_options *options)
{
    struct process *process = mem_new(1, sizeof(*process));
    pid_t parent = getpid();
    process->pid = fork();
    if (process->pid < 0)
        fail_msg("fork: %s", strerror(errno));
    if (process->pid == 0)
        child_run(options, parent);
    return process;
}

int process_id(const struct process *process)
{
    return process->pid;
}

void process_signal(const struct process *process, int signal_number)
{
    if (!process->is_ended)
        (void)kill(process->pid, signal_number);
}

int process_is_alive(struct process *process)
{
    int status;
    if (process->is_ended)
        return 0;
    pid_t pid = waitpid(process->pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR))
        return 1;
    process->is_ended = 1;
    process->status = WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_SIGNAL + WTERMSIG(status);
    return 0;
}

int process_wait(struct process *process, int64_t wait_ms)
{
    int64_t until_ms = process_now_ms() + wait_ms;
    while (process_is_alive(process)) {
        if (process_now_ms() > until_ms)
            return -1;
        process_pause();
    }
    return process->status;
}

void process_stop(struct process *process, int signal_number)
{
    if (!process)
        return;
    process_signal(process, signal_number);
    if (process_wait(process, STOP_MS) < 0) {
        process_signal(process, SIGKILL);
        (void)process_wait(process, STOP_MS);
    }
    free(process);
}
