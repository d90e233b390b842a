/*
 * One command in the guest: its process, its pipes or pseudo terminal, and the credits both
 * ways. Output is read only against the host's credit and the outbox' room; input is kept in
 * one buffer the size of the window that we granted. So a session's memory is bounded and
 * no session waits for another.
 *
 * A session whose host has gone (or closed it) becomes an orphan: it gets SIGHUP at once,
 * its output is thrown away, and what is left of its process group is killed after a grace.
 */
#ifndef MAYFLY_SESSION_H
#define MAYFLY_SESSION_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

#include "outbox.h"
#include "protocol.h"
#include "spawn.h"

#define SESSION_POLL_FDS 4

struct output {
    int fd; /* -1: closed */
    uint32_t credit;
    bool limited; /* the process is gone: only `left` bytes were its own */
    size_t left;
};

struct session {
    bool used;
    bool orphan;
    bool starting; /* exec has not been confirmed yet */
    bool running;  /* not reaped yet */
    bool pty;
    uint32_t id;
    pid_t pid;
    int wait_status;
    int64_t kill_at_ms;
    int exec_fd; /* end of file: exec succeeded; else the errno and the step that failed */
    int input_fd;
    uint8_t *input; /* ring, a little larger than STDIN_WINDOW_BYTES */
    size_t input_start;
    size_t input_length;
    bool input_ended;
    struct output outputs[2];
    /* Frames that are owed to the host and wait for room in the outbox. */
    bool started_due;
    bool failure_due;
    bool input_closed_due;
    uint32_t input_credit_due;
    struct exec_failure failure;
};

/* Starts a command. Returns 0 or an errno, and the step that failed as a word. */
int session_start(struct session *session, uint32_t id, const struct exec_request *request,
                  const char **failed_step);

/* False when the host sent more than it had credit for. */
bool session_input(struct session *session, const uint8_t *bytes, size_t length);
void session_input_end(struct session *session);
void session_credit(struct session *session, uint32_t stream, uint32_t bytes);
void session_signal(const struct session *session, int signal_number);
void session_resize(const struct session *session, uint16_t rows, uint16_t columns);
void session_abandon(struct session *session, int64_t now_ms);

/* Fills SESSION_POLL_FDS entries with what the session waits for; fd -1 where nothing. */
void session_wants(const struct session *session, struct pollfd *fds, bool outbox_has_room);
void session_ready(struct session *session, const struct pollfd *fds, struct outbox *box);

/* Collects every child that has exited. */
void sessions_reap(struct session *sessions, size_t count);

/* Tells the host that a session does not exist (any more); false when there is no room for that. */
bool session_refuse(struct outbox *box, uint32_t id, int error_number, const char *step);

/* Sends what is owed, kills what is overdue, frees what is over. */
void session_settle(struct session *session, struct outbox *box, int64_t now_ms);

#endif
