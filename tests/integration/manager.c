#include "tests/integration/manager.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "tests/integration/folder.h"
#include "tests/integration/process.h"

enum { MESSAGES_MAX = 1000, MESSAGE_BYTES = 4096 };

struct manager {
    int fd;
    char *path;
    char *messages[MESSAGES_MAX];
    int count, next; /* the first that was not looked at yet */
};

struct manager *manager_new(const struct folder *folder)
{
    struct manager *manager = mem_new(1, sizeof(*manager));
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    manager->path = folder_file(folder, "notify");
    (void)unlink(manager->path);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", manager->path);
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (manager->fd < 0 || bind(manager->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail_msg("%s: %s", manager->path, strerror(errno));
    (void)setenv("NOTIFY_SOCKET", manager->path, 1);
    return manager;
}

/* Takes what has come, waiting for the first at most so long. */
static void take(struct manager *manager, int64_t wait_ms)
{
    struct pollfd wanted = { .fd = manager->fd, .events = POLLIN };
    while (manager->count < MESSAGES_MAX && poll(&wanted, 1, (int)wait_ms) == 1) {
        char text[MESSAGE_BYTES];
        ssize_t len = recv(manager->fd, text, sizeof(text) - 1, 0);
        if (len < 0)
            fail_msg("recv: %s", strerror(errno));
        text[len] = '\0';
        manager->messages[manager->count++] = mem_strdup(text);
        wait_ms = 0;
    }
}

int manager_wait(struct manager *manager, const char *text, int64_t wait_ms)
{
    int64_t until_ms = process_now_ms() + wait_ms;
    for (;;) {
        for (; manager->next < manager->count; manager->next++) {
            if (strstr(manager->messages[manager->next], text)) {
                manager->next++;
                return 0;
            }
        }
        int64_t left_ms = until_ms - process_now_ms();
        if (left_ms <= 0)
            return -1;
        take(manager, left_ms);
    }
}

const char *manager_expect(struct manager *manager, const char *text, int64_t wait_ms)
{
    int before = manager->next;
    if (manager_wait(manager, text, wait_ms) < 0) {
        for (int i = before; i < manager->count; i++)
            (void)fprintf(stderr, "--- told: %s\n", manager->messages[i]);
        fail_msg("the service manager was not told within %lld ms: %s", (long long)wait_ms, text);
    }
    return manager->messages[manager->next - 1];
}

int manager_has_had(struct manager *manager, const char *text)
{
    take(manager, 0);
    for (int i = 0; i < manager->count; i++) {
        if (strstr(manager->messages[i], text))
            return 1;
    }
    return 0;
}

void manager_free(struct manager *manager)
{
    if (!manager)
        return;
    (void)unsetenv("NOTIFY_SOCKET");
    for (int i = 0; i < manager->count; i++)
        free(manager->messages[i]);
    (void)close(manager->fd);
    free(manager->path);
    free(manager);
}
