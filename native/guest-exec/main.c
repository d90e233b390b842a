/*
 * mayfly-exec: runs commands in the guest for the host, many at once over one byte stream.
 * One thread, one poll loop; nothing in it waits for anything but the poll. protocol.h has
 * the format, engine/guest/exec/protocol.ts explains it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "inbox.h"
#include "link.h"
#include "outbox.h"
#include "session.h"

#define DEFAULT_PORT "io.mayfly.exec.0"
/* Every frame from the host causes less than this. */
#define ANSWER_ROOM_BYTES 256u

static struct inbox inbox;
static struct outbox outbox;
static struct session sessions[MAX_SESSIONS];

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct session *find_session(uint32_t id)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions[i].used && !sessions[i].orphan && sessions[i].id == id)
            return &sessions[i];
    return NULL;
}

static void abandon_all(void)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions[i].used)
            session_abandon(&sessions[i], now_ms());
}

static void on_hello(const struct frame *frame)
{
    uint8_t welcome[NONCE_BYTES + 12];
    abandon_all();
    outbox_clear(&outbox);
    memcpy(welcome, frame->payload, NONCE_BYTES);
    put_u32(welcome + NONCE_BYTES, PROTOCOL_VERSION);
    put_u32(welcome + NONCE_BYTES + 4, MAX_SESSIONS);
    put_u32(welcome + NONCE_BYTES + 8, MAX_PAYLOAD_BYTES);
    outbox_put(&outbox, FRAME_WELCOME, 0, welcome, sizeof welcome);
}

static void on_exec(const struct frame *frame)
{
    struct exec_request request;
    struct session *free_slot = NULL;
    const char *step = "request";
    if (frame->session == 0 || find_session(frame->session) != NULL) {
        session_refuse(&outbox, frame->session, EEXIST, step);
        return;
    }
    for (size_t i = 0; i < MAX_SESSIONS && free_slot == NULL; i++)
        if (!sessions[i].used)
            free_slot = &sessions[i];
    if (free_slot == NULL) {
        session_refuse(&outbox, frame->session, EAGAIN, "sessions");
        return;
    }
    int error = request_parse(&request, frame->payload, frame->length);
    if (error == 0) {
        error = session_start(free_slot, frame->session, &request, &step);
        request_free(&request);
    }
    if (error != 0)
        session_refuse(&outbox, frame->session, error, step);
}

static void on_stdin(struct session *session, const struct frame *frame)
{
    if (session_input(session, frame->payload, frame->length))
        return;
    session_refuse(&outbox, session->id, EOVERFLOW, "stdin");
    session_abandon(session, now_ms());
}

static void on_session_frame(const struct frame *frame)
{
    /* A frame may cross the end of its session on the way: that is no error. */
    struct session *session = find_session(frame->session);
    if (session == NULL)
        return;
    switch (frame->type) {
    case FRAME_STDIN:
        on_stdin(session, frame);
        break;
    case FRAME_STDIN_EOF:
        session_input_end(session);
        break;
    case FRAME_SIGNAL:
        if (frame->length == 4 && get_u32(frame->payload) >= 1 && get_u32(frame->payload) < NSIG)
            session_signal(session, (int)get_u32(frame->payload));
        break;
    case FRAME_RESIZE:
        if (frame->length == 4)
            session_resize(session, get_u16(frame->payload), get_u16(frame->payload + 2));
        break;
    case FRAME_CREDIT:
        if (frame->length == 8)
            session_credit(session, get_u32(frame->payload), get_u32(frame->payload + 4));
        break;
    case FRAME_CLOSE:
        session_abandon(session, now_ms());
        break;
    default:
        break;
    }
}

/* Whoever may not set the clock leaves it: the helper is root in a guest, not in a test. */
static void on_time(const struct frame *frame)
{
    uint64_t ns = get_u32(frame->payload) | (uint64_t)get_u32(frame->payload + 4) << 32;
    struct timespec now = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    (void)clock_settime(CLOCK_REALTIME, &now);
}

static void on_frame(const struct frame *frame)
{
    switch (frame->type) {
    case FRAME_HELLO:
        if (frame->length == NONCE_BYTES + 4)
            on_hello(frame);
        break;
    case FRAME_EXEC:
        on_exec(frame);
        break;
    case FRAME_TIME:
        if (frame->length == 8)
            on_time(frame);
        break;
    case FRAME_PING:
        if (frame->length <= MAX_PING_BYTES)
            outbox_put(&outbox, FRAME_PONG, 0, frame->payload, frame->length);
        break;
    default:
        on_session_frame(frame);
        break;
    }
}

static void host_gone(struct link *link)
{
    abandon_all();
    /*
     * A port that stays open may have its next host's HELLO read, and answered into the outbox,
     * before the kernel has taken note of that host: data and connection come by different
     * queues. What is older is harmless, a HELLO sets both sides straight.
     */
    if (!link_lost(link))
        return;
    inbox_clear(&inbox);
    outbox_clear(&outbox);
}

static void desynced(void)
{
    abandon_all();
    outbox_clear(&outbox);
    outbox_put(&outbox, FRAME_DESYNC, 0, NULL, 0);
}

/* True when something moved, so that there may be more to do at once. */
static bool take_frames(void)
{
    bool moved = false;
    struct frame frame;
    while (outbox_room(&outbox) >= ANSWER_ROOM_BYTES) {
        enum inbox_result result = inbox_next(&inbox, &frame);
        if (result == INBOX_NEED_MORE)
            break;
        moved = true;
        if (result == INBOX_FRAME)
            on_frame(&frame);
        else
            desynced();
    }
    return moved;
}

static bool move_bytes(struct link *link)
{
    bool moved = take_frames();
    if (outbox_room(&outbox) >= ANSWER_ROOM_BYTES) {
        size_t room;
        uint8_t *space = inbox_space(&inbox, &room);
        ssize_t count = link_read(link, space, room);
        if (count < 0) {
            host_gone(link);
            return false;
        }
        inbox_added(&inbox, (size_t)count);
        moved |= count > 0;
    }
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions[i].used)
            session_settle(&sessions[i], &outbox, now_ms());
    ssize_t count = link_write(link, outbox.bytes + outbox.start, outbox.end - outbox.start);
    if (count < 0) {
        host_gone(link);
        return false;
    }
    outbox.start += (size_t)count;
    return moved || count > 0;
}

static int earliest(int timeout_ms, int64_t at_ms)
{
    int64_t left = at_ms - now_ms();
    if (left < 0)
        left = 0;
    return timeout_ms < 0 || left < timeout_ms ? (int)left : timeout_ms;
}

static int poll_timeout(const struct link *link)
{
    int timeout_ms = -1;
    if (link->kind == LINK_PORT && link->fd < 0)
        timeout_ms = earliest(timeout_ms, link->retry_at_ms);
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions[i].used && sessions[i].orphan)
            timeout_ms = earliest(timeout_ms, sessions[i].kill_at_ms);
    return timeout_ms;
}

static bool any_session(void)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        if (sessions[i].used)
            return true;
    return false;
}

static void drain(int signal_fd)
{
    struct signalfd_siginfo info;
    while (read(signal_fd, &info, sizeof info) > 0)
        continue;
}

static int serve(struct link *link, int signal_fd)
{
    static struct pollfd fds[2 + MAX_SESSIONS * SESSION_POLL_FDS];
    /* Whose turn is first moves on each round: no session can starve the others of room. */
    size_t first = 0;
    while (!link->ended || any_session()) {
        if (link_open(link, now_ms()))
            desynced();
        while (move_bytes(link))
            continue;

        bool has_room = outbox_room(&outbox) > OUTBOX_CONTROL_RESERVE_BYTES;
        fds[0] = (struct pollfd){.fd = signal_fd, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = link_poll_fd(link), .events = POLLIN};
        for (size_t i = 0; i < MAX_SESSIONS; i++) {
            struct pollfd *own = &fds[2 + i * SESSION_POLL_FDS];
            if (sessions[i].used)
                session_wants(&sessions[i], own, has_room);
            else
                for (size_t k = 0; k < SESSION_POLL_FDS; k++)
                    own[k] = (struct pollfd){.fd = -1};
        }
        if (poll(fds, sizeof fds / sizeof *fds, poll_timeout(link)) < 0 && errno != EINTR)
            return 1;
        if (fds[1].revents != 0)
            link_noticed(link);
        for (size_t k = 0; k < MAX_SESSIONS; k++) {
            size_t i = (first + k) % MAX_SESSIONS;
            if (sessions[i].used)
                session_ready(&sessions[i], &fds[2 + i * SESSION_POLL_FDS], &outbox);
        }
        first = (first + 1) % MAX_SESSIONS;
        if (fds[0].revents != 0) {
            drain(signal_fd);
            sessions_reap(sessions, MAX_SESSIONS);
        }
    }
    return 0;
}

static int usage(void)
{
    fputs("usage: mayfly-exec [--port NAME | --socket PATH | --fd NUMBER | --version]\n"
          "Serves commands for the host; by default over the virtio-serial port " DEFAULT_PORT ".\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct link link;
    sigset_t set;
    enum link_kind kind = LINK_PORT;
    const char *name = DEFAULT_PORT;
    int fd = -1;

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("mayfly-exec protocol %u\n", PROTOCOL_VERSION);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--port") == 0) {
        name = argv[2];
    } else if (argc == 3 && strcmp(argv[1], "--socket") == 0) {
        kind = LINK_SOCKET;
        name = argv[2];
    } else if (argc == 3 && strcmp(argv[1], "--fd") == 0) {
        char *rest;
        kind = LINK_FD;
        fd = (int)strtol(argv[2], &rest, 10);
        if (*rest != 0 || fd < 0)
            return usage();
    } else if (argc != 1) {
        return usage();
    }

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0 || !link_init(&link, kind, name, fd)) {
        perror("mayfly-exec");
        return 1;
    }
    return serve(&link, signal_fd);
}
