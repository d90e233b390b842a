/*
 * The way to the host: a virtio-serial port found by its name, or a unix socket or an
 * inherited descriptor (tests, guests without virtio-serial). It comes and goes; what stays
 * true is that `fd` is -1 while there is none, and that nothing here blocks.
 *
 * The port is watched edge-triggered: while no host is connected it reports a hang-up
 * without end, and a level-triggered poll would spin.
 */
#ifndef MAYFLY_LINK_H
#define MAYFLY_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum link_kind { LINK_PORT, LINK_SOCKET, LINK_FD };

struct link {
    enum link_kind kind;
    const char *name; /* the port's name, or the socket's path */
    int listen_fd;
    int watch_fd; /* epoll: readable when something about `fd` has changed */
    int fd;
    bool readable;
    bool writable;
    bool ended; /* an inherited descriptor has come to its end */
    int64_t retry_at_ms;
    int retry_ms;
};

/* False, with errno set, when the socket cannot be had at all. `fd` is for LINK_FD only. */
bool link_init(struct link *link, enum link_kind kind, const char *name, int fd);

/* Looks for the port, or takes a waiting connection. True when a link has just been opened. */
bool link_open(struct link *link, int64_t now_ms);

/* What to poll for POLLIN. */
int link_poll_fd(const struct link *link);
void link_noticed(struct link *link);

/* Bytes moved, 0 when it would block, -1 when the host has gone: call link_lost then. */
ssize_t link_read(struct link *link, void *to, size_t length);
ssize_t link_write(struct link *link, const void *from, size_t length);

/* A port stays open, for its next host; anything else is closed. True when it was closed. */
bool link_lost(struct link *link);

#endif
