#include "session.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* One turn's share of one stream, so that a flood leaves room for the others. */
#define OUTPUT_TURN_BYTES 32768u
#define CREDIT_STEP_BYTES (STDIN_WINDOW_BYTES / 4)
/* One byte more than the window: the end-of-file character of a terminal costs no credit. */
#define INPUT_RING_BYTES (STDIN_WINDOW_BYTES + 1u)

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void release(struct session *session)
{
    close_fd(&session->exec_fd);
    close_fd(&session->input_fd);
    close_fd(&session->outputs[0].fd);
    close_fd(&session->outputs[1].fd);
    free(session->input);
    session->input = NULL;
    session->used = false;
}

int session_start(struct session *session, uint32_t id, const struct exec_request *request,
                  const char **failed_step)
{
    struct spawned spawned;
    *failed_step = "memory";
    uint8_t *input = malloc(INPUT_RING_BYTES);
    if (input == NULL)
        return ENOMEM;
    int error = spawn_command(&spawned, request, failed_step);
    if (error != 0) {
        free(input);
        return error;
    }
    *session = (struct session){
        .used = true,
        .starting = true,
        .running = true,
        .pty = request->pty,
        .id = id,
        .pid = spawned.pid,
        .exec_fd = spawned.exec_fd,
        .input_fd = spawned.input_fd,
        .input = input,
        .outputs = {{.fd = spawned.stdout_fd, .credit = request->stdout_window},
                    {.fd = spawned.stderr_fd, .credit = request->stderr_window}},
    };
    return 0;
}

static void input_closed(struct session *session)
{
    close_fd(&session->input_fd);
    session->input_length = 0;
    session->input_closed_due = !session->input_ended;
}

static void write_input(struct session *session)
{
    while (session->input_fd >= 0 && session->input_length > 0) {
        size_t to_wrap = INPUT_RING_BYTES - session->input_start;
        size_t length = session->input_length < to_wrap ? session->input_length : to_wrap;
        ssize_t count = write(session->input_fd, session->input + session->input_start, length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN)
            return;
        if (count < 0) {
            input_closed(session);
            return;
        }
        session->input_start = (session->input_start + (size_t)count) % INPUT_RING_BYTES;
        session->input_length -= (size_t)count;
        session->input_credit_due += (uint32_t)count;
    }
    if (session->input_ended && session->input_fd >= 0 && session->input_length == 0)
        close_fd(&session->input_fd);
}

static void append_input(struct session *session, const uint8_t *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t end = (session->input_start + session->input_length) % INPUT_RING_BYTES;
        size_t step = INPUT_RING_BYTES - end;
        if (step > length - done)
            step = length - done;
        memcpy(session->input + end, bytes + done, step);
        session->input_length += step;
        done += step;
    }
}

bool session_input(struct session *session, const uint8_t *bytes, size_t length)
{
    if (session->input_fd < 0 || session->input_ended)
        return true;
    /* What was consumed but not granted again is not the host's to use yet. */
    if (length > STDIN_WINDOW_BYTES - session->input_length - session->input_credit_due)
        return false;
    append_input(session, bytes, length);
    write_input(session);
    return true;
}

void session_input_end(struct session *session)
{
    if (session->input_fd < 0 || session->input_ended)
        return;
    struct termios settings;
    if (session->pty && tcgetattr(session->input_fd, &settings) == 0) {
        uint8_t end_of_file = settings.c_cc[VEOF];
        append_input(session, &end_of_file, 1);
    }
    session->input_ended = true;
    write_input(session);
}

void session_credit(struct session *session, uint32_t stream, uint32_t bytes)
{
    if (stream != STREAM_STDOUT && stream != STREAM_STDERR)
        return;
    uint32_t *credit = &session->outputs[stream - STREAM_STDOUT].credit;
    *credit = bytes > UINT32_MAX - *credit ? UINT32_MAX : *credit + bytes;
}

static void signal_group(const struct session *session, int signal_number)
{
    if (!session->running)
        return;
    /* Between fork and setsid there is no such group yet. */
    if (kill(-session->pid, signal_number) != 0)
        kill(session->pid, signal_number);
}

void session_signal(const struct session *session, int signal_number)
{
    bool terminal = session->pty && session->outputs[0].fd >= 0;
    pid_t foreground = terminal ? tcgetpgrp(session->outputs[0].fd) : -1;
    if (session->running && foreground > 1 && kill(-foreground, signal_number) == 0)
        return;
    signal_group(session, signal_number);
}

void session_resize(const struct session *session, uint16_t rows, uint16_t columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (session->pty && session->outputs[0].fd >= 0)
        ioctl(session->outputs[0].fd, TIOCSWINSZ, &size);
}

void session_abandon(struct session *session, int64_t now_ms)
{
    if (session->orphan)
        return;
    session->orphan = true;
    session->kill_at_ms = now_ms + KILL_GRACE_MS;
    close_fd(&session->input_fd);
    signal_group(session, SIGHUP);
    signal_group(session, SIGCONT);
}

void session_wants(const struct session *session, struct pollfd *fds, bool outbox_has_room)
{
    fds[0] = (struct pollfd){.fd = session->exec_fd, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = session->input_length > 0 ? session->input_fd : -1,
                             .events = POLLOUT};
    for (int i = 0; i < 2; i++) {
        const struct output *output = &session->outputs[i];
        bool started = !session->starting && !session->started_due && !session->failure_due;
        bool may_read = session->orphan || (outbox_has_room && output->credit > 0 && started);
        fds[2 + i] = (struct pollfd){.fd = may_read ? output->fd : -1, .events = POLLIN};
    }
}

static void read_exec_result(struct session *session)
{
    ssize_t count = read(session->exec_fd, &session->failure, sizeof session->failure);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    close_fd(&session->exec_fd);
    session->starting = false;
    session->failure_due = count == (ssize_t)sizeof session->failure;
    session->started_due = !session->failure_due;
}

static void read_output(struct session *session, int index, struct outbox *box)
{
    static uint8_t discarded[OUTPUT_TURN_BYTES];
    struct output *output = &session->outputs[index];
    size_t length = OUTPUT_TURN_BYTES;
    uint8_t *to = discarded;
    if (!session->orphan) {
        size_t room = outbox_room(box);
        room = room > OUTBOX_CONTROL_RESERVE_BYTES ? room - OUTBOX_CONTROL_RESERVE_BYTES : 0;
        length = length < room ? length : room;
        length = length < output->credit ? length : output->credit;
        to = outbox_begin(box);
    }
    if (output->limited && !session->pty && length > output->left)
        length = output->left;
    if (length == 0)
        return;
    ssize_t count = read(output->fd, to, length);
    if (count < 0 && errno == EINTR)
        return;
    if (count < 0 && errno == EAGAIN && !output->limited)
        return;
    if (count <= 0) {
        close_fd(&output->fd);
        return;
    }
    if (!session->orphan) {
        outbox_finish(box, index == 0 ? FRAME_STDOUT : FRAME_STDERR, session->id, (size_t)count);
        output->credit -= (uint32_t)count;
    }
    if (output->limited && !session->pty) {
        output->left -= (size_t)count;
        if (output->left == 0)
            close_fd(&output->fd);
    }
}

void session_ready(struct session *session, const struct pollfd *fds, struct outbox *box)
{
    if (fds[1].revents != 0 && session->input_fd >= 0)
        write_input(session);
    for (int i = 0; i < 2; i++)
        if (fds[2 + i].revents != 0 && session->outputs[i].fd >= 0)
            read_output(session, i, box);
    if (fds[0].revents != 0 && session->exec_fd >= 0)
        read_exec_result(session);
}

/*
 * The command is over, yet what it started may hold its pipes open for ever. What the pipes
 * carry now is all that the command itself wrote: that much is delivered, and no more. A
 * terminal is read until it is empty (its readers were hung up with the session's leader).
 */
static void limit_output(struct session *session)
{
    for (int i = 0; i < 2; i++) {
        struct output *output = &session->outputs[i];
        int available = 0;
        if (output->fd < 0)
            continue;
        output->limited = true;
        if (session->pty)
            continue;
        if (ioctl(output->fd, FIONREAD, &available) != 0 || available <= 0)
            close_fd(&output->fd);
        else
            output->left = (size_t)available;
    }
}

void sessions_reap(struct session *sessions, size_t count)
{
    siginfo_t info;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return;
        struct session *session = NULL;
        for (size_t i = 0; i < count && session == NULL; i++)
            if (sessions[i].used && sessions[i].running && sessions[i].pid == info.si_pid)
                session = &sessions[i];
        /* Before the pid is free again, so that no stranger can have it. */
        if (session != NULL && session->orphan)
            kill(-info.si_pid, SIGKILL);
        int status = 0;
        waitpid(info.si_pid, &status, 0);
        if (session == NULL)
            continue;
        session->running = false;
        session->wait_status = status;
        limit_output(session);
    }
}

bool session_refuse(struct outbox *box, uint32_t id, int error_number, const char *step)
{
    uint8_t payload[4 + sizeof ((struct exec_failure *)0)->step];
    size_t length = strnlen(step, sizeof payload - 4);
    put_u32(payload, (uint32_t)error_number);
    memcpy(payload + 4, step, length);
    return outbox_put(box, FRAME_ERROR, id, payload, 4 + length);
}

static bool send_exit(const struct session *session, struct outbox *box)
{
    uint8_t payload[8];
    bool signaled = WIFSIGNALED(session->wait_status);
    put_u32(payload, signaled ? 1 : 0);
    put_u32(payload + 4, (uint32_t)(signaled ? WTERMSIG(session->wait_status)
                                             : WEXITSTATUS(session->wait_status)));
    return outbox_put(box, FRAME_EXIT, session->id, payload, sizeof payload);
}

void session_settle(struct session *session, struct outbox *box, int64_t now_ms)
{
    if (session->orphan) {
        if (session->running && now_ms >= session->kill_at_ms) {
            signal_group(session, SIGKILL);
            session->kill_at_ms = now_ms + KILL_GRACE_MS;
        }
        if (!session->running)
            release(session);
        return;
    }
    if (session->failure_due) {
        if (session_refuse(box, session->id, session->failure.error_number, session->failure.step))
            release(session);
        return;
    }
    if (session->started_due) {
        uint8_t payload[8];
        put_u32(payload, (uint32_t)session->pid);
        put_u32(payload + 4, STDIN_WINDOW_BYTES);
        if (!outbox_put(box, FRAME_STARTED, session->id, payload, sizeof payload))
            return;
        session->started_due = false;
    }
    if (session->input_credit_due >= CREDIT_STEP_BYTES ||
        (session->input_credit_due > 0 && session->input_length == 0)) {
        uint8_t payload[8];
        put_u32(payload, STREAM_STDIN);
        put_u32(payload + 4, session->input_credit_due);
        if (!outbox_put(box, FRAME_CREDIT, session->id, payload, sizeof payload))
            return;
        session->input_credit_due = 0;
    }
    if (session->input_closed_due) {
        if (!outbox_put(box, FRAME_STDIN_CLOSED, session->id, NULL, 0))
            return;
        session->input_closed_due = false;
    }
    /* A terminal that something else still holds open never becomes ready to say that it is empty. */
    if (session->pty && session->outputs[0].limited && session->outputs[0].fd >= 0 &&
        session->outputs[0].credit > 0)
        read_output(session, 0, box);
    if (!session->running && !session->starting && session->outputs[0].fd < 0 &&
        session->outputs[1].fd < 0 && send_exit(session, box))
        release(session);
}
