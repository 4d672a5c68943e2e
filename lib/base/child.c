#include "lib/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "lib/base/err.h"
#include "lib/base/loop.h"
#include "lib/base/mem.h"

struct child {
    struct loop *loop;
    child_done_fn *done;
    void *ctx;
    pid_t pid;
    int is_reaped, is_late;
    int pidfd, in; /* `in`: the write end of its standard input; -1 = closed */
    struct loop_watch *end_watch, *in_watch;
    struct loop_timer *deadline;
    char *name, *input;
    size_t input_len, sent;
    int64_t timeout_ms;
};

static void close_input(struct child *child)
{
    loop_watch_free(child->in_watch);
    child->in_watch = NULL;
    if (child->in >= 0)
        (void)close(child->in);
    child->in = -1;
}

void child_free(struct child *child)
{
    if (!child)
        return;
    close_input(child);
    loop_watch_free(child->end_watch);
    loop_timer_free(child->deadline);
    if (child->pid > 0 && !child->is_reaped) {
        (void)kill(-child->pid, SIGKILL);
        (void)kill(child->pid, SIGKILL);
        (void)waitpid(child->pid, NULL, 0); /* killed: it does not block */
    }
    if (child->pidfd >= 0)
        (void)close(child->pidfd);
    free(child->name);
    free(child->input);
    free(child);
}

static void explain(const struct child *child, int status, struct err *err)
{
    if (child->is_late)
        err_set(err, ETIMEDOUT, "%s did not end within %lld s and was killed", child->name,
                (long long)(child->timeout_ms / 1000));
    else if (WIFSIGNALED(status))
        err_set(err, EIO, "%s was ended by signal %d", child->name, WTERMSIG(status));
    else if (WEXITSTATUS(status) == 127)
        err_set(err, ENOENT, "%s could not be run", child->name);
    else
        err_set(err, EIO, "%s ended with status %d", child->name, WEXITSTATUS(status));
}

static void ended(void *ctx, int events)
{
    struct child *child = ctx;
    struct err err = ERR_NONE;
    int status = 0;
    (void)events;
    if (waitpid(child->pid, &status, WNOHANG) == 0)
        return;
    child->is_reaped = 1;
    (void)kill(-child->pid, SIGKILL); /* what it left running in its group */
    if (child->is_late || status != 0)
        explain(child, status, &err);
    child_done_fn *done = child->done;
    void *done_ctx = child->ctx;
    child_free(child);
    done(done_ctx, err.code != 0 ? &err : NULL);
}

static void late(void *ctx)
{
    struct child *child = ctx;
    child->is_late = 1;
    (void)kill(-child->pid, SIGKILL);
}

static void send_input(void *ctx, int events)
{
    struct child *child = ctx;
    (void)events;
    ssize_t len = write(child->in, child->input + child->sent, child->input_len - child->sent);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len > 0)
        child->sent += (size_t)len;
    if (len <= 0 || child->sent == child->input_len)
        close_input(child);
}

/* --- starting --- */

static int spawn(struct child *child, const struct child_options *options, int in)
{
    static char *const ENVIRONMENT[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                         "/sbin:/bin",
                                         "LANG=C.UTF-8", NULL };
    char *words[CHILD_WORDS_MAX + 1] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    for (int i = 0; i < CHILD_WORDS_MAX && options->words[i]; i++)
        words[i] = mem_strdup(options->words[i]);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, in, 0);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    (void)posix_spawnattr_init(&attributes);
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all); /* we ignore SIGPIPE */
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETPGROUP);
    int failure = EINVAL;
    if (words[0])
        failure = posix_spawn(&child->pid, words[0], &actions, &attributes, words, ENVIRONMENT);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; words[i]; i++)
        free(words[i]);
    return -failure;
}

static int start(struct child *child, const struct child_options *options)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    child->in = ends[1];
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    int ret = spawn(child, options, ends[0]);
    (void)close(ends[0]);
    if (ret < 0) {
        child->pid = 0;
        return ret;
    }
    child->pidfd = pidfd_open(child->pid, 0);
    return child->pidfd < 0 ? -errno : 0;
}

struct child *child_start(struct loop *loop, const struct child_options *options,
                          child_done_fn *done, void *ctx, struct err *err)
{
    struct child *child = mem_new(1, sizeof(*child));
    child->loop = loop;
    child->done = done;
    child->ctx = ctx;
    child->pidfd = child->in = -1;
    child->name = mem_strdup(options->words[0]);
    child->input = mem_strndup(options->input, CHILD_INPUT_BYTES_MAX);
    child->input_len = strlen(child->input);
    child->timeout_ms = options->timeout_ms;
    int ret = start(child, options);
    if (ret < 0) {
        err_set(err, -ret, "%s cannot be started: %s", child->name, strerror(-ret));
        err_set_remedy(err, "See that the file is there and may be run by the user of the service");
        child_free(child);
        return NULL;
    }
    child->end_watch = loop_watch_new(loop, child->pidfd, ended, child);
    child->in_watch = loop_watch_new(loop, child->in, send_input, child);
    child->deadline = loop_timer_new(loop, late, child);
    loop_watch_set(child->end_watch, LOOP_READ);
    loop_watch_set(child->in_watch, LOOP_WRITE);
    loop_timer_start(child->deadline, child->timeout_ms);
    return child;
}
