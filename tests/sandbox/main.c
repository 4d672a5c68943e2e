/* tripletex-sandbox: a stand-in of the Tripletex API for tests and the demo; see README.md. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sandbox/cache.h"
#include "tests/sandbox/day.h"
#include "tests/sandbox/fail.h"
#include "tests/sandbox/reqlog.h"
#include "tests/sandbox/front.h"
#include "tests/sandbox/setup.h"
#include "tests/sandbox/world.h"

#define EXIT_USAGE 64
#define PARENT_LOOK_MS 250

struct arguments {
    const char *port_file, *world, *now, *log;
    int port, cache_mib;
    pid_t parent;
};

/* Ends the loop when a process is gone. */
struct watch {
    struct event_base *base;
    pid_t pid;
    bool is_our_parent;
};

static const char USAGE[] =
    "usage: tripletex-sandbox [--port N] [--port-file FILE] [--world FILE] [--now MOMENT]\n"
    "                         [--log FILE] [--parent PID] [--cache MIB]\n";

static int main_usage(FILE *to, int status)
{
    fputs(USAGE, to);
    return status;
}

/* -1: go on; otherwise the exit status. */
static int main_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option OPTIONS[] = { { "port", required_argument, NULL, 'p' },
                                             { "port-file", required_argument, NULL, 'f' },
                                             { "world", required_argument, NULL, 'w' },
                                             { "now", required_argument, NULL, 'n' },
                                             { "log", required_argument, NULL, 'l' },
                                             { "parent", required_argument, NULL, 'P' },
                                             { "cache", required_argument, NULL, 'c' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    for (int option; (option = getopt_long(argc, argv, "h", OPTIONS, NULL)) != -1;) {
        switch (option) {
        case 'p':
            arguments->port = (int)strtol(optarg, NULL, 10);
            break;
        case 'f':
            arguments->port_file = optarg;
            break;
        case 'w':
            arguments->world = optarg;
            break;
        case 'n':
            arguments->now = optarg;
            break;
        case 'l':
            arguments->log = optarg;
            break;
        case 'P':
            arguments->parent = (pid_t)strtol(optarg, NULL, 10);
            break;
        case 'c':
            arguments->cache_mib = (int)strtol(optarg, NULL, 10);
            break;
        case 'h':
            return main_usage(stdout, EXIT_SUCCESS);
        default:
            return main_usage(stderr, EXIT_USAGE);
        }
    }
    if (optind < argc || arguments->port < 0 || arguments->port > 65535 || arguments->cache_mib < 0)
        return main_usage(stderr, EXIT_USAGE);
    return -1;
}

static bool main_world(struct world *world, const struct arguments *arguments)
{
    int64_t now_s;
    struct fail fail = { .status = 0 };
    if (arguments->cache_mib > 0)
        world->cache = cache_new((size_t)arguments->cache_mib << 20);
    if (arguments->now) {
        if (!day_parse_moment(arguments->now, &now_s)) {
            fprintf(stderr, "tripletex-sandbox: --now %s: write 2026-03-01T12:00:00Z\n",
                    arguments->now);
            return false;
        }
        world_set_now(world, now_s * 1000, false);
    }
    if (arguments->log) {
        FILE *file = fopen(arguments->log, "ae");
        if (!file) {
            fprintf(stderr, "tripletex-sandbox: --log %s: %s\n", arguments->log, strerror(errno));
            return false;
        }
        reqlog_set_file(world->log, file);
    }
    if (arguments->world && !setup_file(world, arguments->world, &fail)) {
        fprintf(stderr, "tripletex-sandbox: %s\n", fail.message);
        return false;
    }
    return true;
}

/* Whole or not at all: whoever waits for the file finds the number in it. */
static bool main_write_port(const char *name, uint16_t port)
{
    char temporary[4096];
    if (!name)
        return true;
    snprintf(temporary, sizeof(temporary), "%s.new", name);
    FILE *file = fopen(temporary, "we");
    if (!file || fprintf(file, "%u\n", port) < 0 || fclose(file) != 0 ||
        rename(temporary, name) != 0) {
        fprintf(stderr, "tripletex-sandbox: --port-file %s: %s\n", name, strerror(errno));
        return false;
    }
    return true;
}

static void main_signal_cb(evutil_socket_t fd, short events, void *ctx)
{
    (void)fd;
    (void)events;
    event_base_loopbreak(ctx);
}

static void main_parent_cb(evutil_socket_t fd, short events, void *ctx)
{
    const struct watch *watch = ctx;
    (void)fd;
    (void)events;
    bool is_gone = watch->is_our_parent ? getppid() != watch->pid
                                        : kill(watch->pid, 0) != 0 && errno == ESRCH;
    if (is_gone)
        event_base_loopbreak(watch->base);
}

static void main_loop(struct event_base *base, pid_t parent)
{
    struct watch watch = { .base = base, .pid = parent, .is_our_parent = getppid() == parent };
    struct timeval look = { .tv_usec = PARENT_LOOK_MS * 1000 };
    struct event *term = evsignal_new(base, SIGTERM, main_signal_cb, base);
    struct event *interrupt = evsignal_new(base, SIGINT, main_signal_cb, base);
    struct event *parent_timer = event_new(base, -1, EV_PERSIST, main_parent_cb, &watch);
    event_add(term, NULL);
    event_add(interrupt, NULL);
    if (parent > 0)
        event_add(parent_timer, &look);
    event_base_dispatch(base);
    event_free(term);
    event_free(interrupt);
    event_free(parent_timer);
}

static int main_serve(struct world *world, const struct arguments *arguments)
{
    int status = EXIT_FAILURE;
    struct event_base *base = event_base_new();
    struct front *front = front_new(base, world, (uint16_t)arguments->port);
    if (!front) {
        fprintf(stderr, "tripletex-sandbox: cannot listen on 127.0.0.1:%d\n", arguments->port);
    } else if (main_write_port(arguments->port_file, front_port(front))) {
        printf("tripletex-sandbox listens on http://127.0.0.1:%u/v2\n", front_port(front));
        fflush(stdout);
        main_loop(base, arguments->parent);
        status = EXIT_SUCCESS;
    }
    front_free(front);
    event_base_free(base);
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .port = 0 };
    struct world world;
    int status = main_arguments(argc, argv, &arguments);
    if (status >= 0)
        return status;
    signal(SIGPIPE, SIG_IGN);
    world_init(&world);
    status = main_world(&world, &arguments) ? main_serve(&world, &arguments) : EXIT_FAILURE;
    world_release(&world);
    return status;
}
