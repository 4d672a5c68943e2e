/*
 * event.h - the MESSAGE_ID of the few events that people alert on.
 *
 * Made once with systemd-id128 and never changed: rules of the journal's readers name them. Each is
 * explained in saldod(8), which a test compares.
 */
#ifndef SALDOD_DAEMON_EVENT_H
#define SALDOD_DAEMON_EVENT_H

/* The daemon is ready. */
#define EVENT_READY "266080b4d027446589b85d0314083817"
/* The database is lost or cannot be used. */
#define EVENT_DATABASE_LOST "b8212f8b459446819d32a5dd34c6b623"
/* A reload was refused. */
#define EVENT_RELOAD_REFUSED "0a14b48d248f40d898e9c73b06da2cdd"
/* A mass disappearance is held back. */
#define EVENT_HELD "e84c81966990429ab1c34fed87c89876"
/* A token has no access to a client. */
#define EVENT_NO_ACCESS "a613a91aa58f4220b08ee9eac4e150f5"
/* A pull failed. */
#define EVENT_PULL_FAILED "92646217fed54f99803ae387c2de4181"

#endif
