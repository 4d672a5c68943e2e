/*
 * service.h - what the service manager is told. The only file that sees sd_notify.
 *
 * Outside systemd (no NOTIFY_SOCKET) every call does nothing.
 */
#ifndef SALDOD_DAEMON_SERVICE_H
#define SALDOD_DAEMON_SERVICE_H

#include <stdint.h>

#include "lib/base/cleanup.h"

/* Whether anybody is told. */
int service_is_there(void) MUST_USE;

void service_ready(const char *status);
void service_status(const char *status);
void service_reloading(void);
void service_stopping(void);
void service_alive(void);

/* Start-up takes longer: so much more time from now. */
void service_extend_start(int64_t ms);

/* How often service_alive is expected, milliseconds; 0 = no watchdog. */
int64_t service_watchdog_ms(void) MUST_USE;

#endif
