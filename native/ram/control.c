/* The control socket: one thread, one request a connection, answered before the next is heard.
 * Contract with engine/qemu/process/ram-library.ts. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "ram.h"

enum { MAGIC = 0x4d52464d, PROTOCOL = 1, MOST_PAYLOAD = 64 };
enum word { WORD_DESCRIBE = 1, WORD_FREEZE = 2, WORD_PREPARE = 3, WORD_INDEX = 4, WORD_LAY = 5 };
/* A connection that does not fit is refused at once; the engine asks for all layers of a pile together. */
enum { MOST_WAITING = 512 };
enum { HEAR_MS = 2000, TELL_MS = 5000, PREPARED_FOR_MS = 10000 };
/* Without a free descriptor whoever knocks cannot be let in, and goes on knocking. */
enum { NO_ROOM_MS = 100 };
/* What a freeze leaves to be done needs the processor and the process's memory lock: the guest shall run again first. */
enum { TIDY_AFTER_MS = 100 };

struct request {
  uint32_t magic;
  uint16_t version, word;
  uint32_t payload_bytes, reserved;
};

/* Where the plan is open: a process, and its number there. */
struct lay {
  int32_t holder, number;
};

struct answer {
  uint32_t magic;
  uint16_t version, status;
  uint32_t payload_bytes, error;
};

struct described {
  uint32_t private_mode, layer_count;
  uint64_t ram_bytes;
  uint32_t borders, discarded_pages;
};

struct described_layer {
  char id[ID_BYTES];
  int32_t descriptor;
  uint32_t extent_count, serial;
};

struct froze {
  int32_t descriptor;
  uint32_t was_private;
  uint64_t written_bytes;
  uint32_t microseconds, copy_microseconds, extent_count, serial;
};

static int listener = -1;
/* A freeze has been answered and has something left to do. */
static bool unfinished;

static bool hear(int connection, void *buffer, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t n = recv(connection, (char *)buffer + done, bytes - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

static bool tell(int connection, const void *buffer, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t n = send(connection, (const char *)buffer + done, bytes - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

static void answer(int connection, enum status status, const void *payload, size_t bytes) {
  const struct answer head = {MAGIC, PROTOCOL, (uint16_t)status, (uint32_t)bytes, status == STATUS_SYSTEM_ERROR ? (uint32_t)errno : 0};
  if (tell(connection, &head, sizeof head) && bytes > 0) tell(connection, payload, bytes);
}

static void answer_describe(int connection) {
  static struct {
    struct described head;
    struct described_layer layers[MAX_LAYERS];
  } told;
  // Here and nowhere else: an act of the engine begins with this question, and keeps to the numbers it is told.
  merge_layers();
  pthread_mutex_lock(&ram.lock);
  told.head = (struct described){ram.private_mode, ram.layer_count, (uint64_t)ram.pages * PAGE_BYTES, ram.borders, ram.discarded_pages};
  for (unsigned i = 0; i < ram.layer_count; i++) {
    const struct layer *layer = &ram.layers[i];
    told.layers[i] = (struct described_layer){.descriptor = layer->descriptor, .extent_count = (uint32_t)layer->extents.count, .serial = layer->serial};
    memcpy(told.layers[i].id, layer->id, ID_BYTES);
  }
  pthread_mutex_unlock(&ram.lock);
  answer(connection, ram.broken ? STATUS_DISTURBED : STATUS_DONE, &told, sizeof told.head + told.head.layer_count * sizeof *told.layers);
}

/* A head and a layer's extents, which nobody changes once the layer is made. */
static void answer_with_extents(int connection, const void *head, size_t head_bytes, const struct extents *extents) {
  const size_t bytes = extents->count * sizeof *extents->list;
  char *payload = malloc(head_bytes + bytes + 1);
  if (payload == NULL) {
    answer(connection, STATUS_SYSTEM_ERROR, NULL, 0);
    return;
  }
  memcpy(payload, head, head_bytes);
  if (bytes > 0) memcpy(payload + head_bytes, extents->list, bytes);
  answer(connection, STATUS_DONE, payload, head_bytes + bytes);
  free(payload);
}

static void answer_freeze(int connection, const char *id) {
  struct frozen frozen;
  const enum status status = freeze(id, &frozen);
  unfinished = true;
  if (status != STATUS_DONE) {
    answer(connection, status, NULL, 0);
    return;
  }
  const struct layer *layer = &ram.layers[frozen.layer];
  const struct froze head = {layer->descriptor, frozen.was_private, frozen.written_bytes, frozen.microseconds, frozen.copy_microseconds, (uint32_t)layer->extents.count, layer->serial};
  answer_with_extents(connection, &head, sizeof head, &layer->extents);
}

static void answer_index(int connection, const char *id) {
  const struct layer *found = NULL;
  pthread_mutex_lock(&ram.lock);
  for (unsigned i = 0; i < ram.layer_count; i++)
    if (memcmp(ram.layers[i].id, id, ID_BYTES) == 0) found = &ram.layers[i];
  pthread_mutex_unlock(&ram.lock);
  if (found == NULL)
    answer(connection, STATUS_UNKNOWN_LAYER, NULL, 0);
  else
    answer_with_extents(connection, NULL, 0, &found->extents);
}

static void answer_prepare(int connection) {
  uint64_t bytes;
  const enum status status = prepare_freeze(&bytes);
  answer(connection, status, &bytes, status == STATUS_DONE ? sizeof bytes : 0);
}

/* How many bytes a word comes with. */
static uint32_t payload_of(uint16_t word) {
  if (word == WORD_FREEZE || word == WORD_INDEX) return ID_BYTES;
  return word == WORD_LAY ? sizeof(struct lay) : 0;
}

static void answer_lay(int connection, const char *payload) {
  struct lay lay;
  memcpy(&lay, payload, sizeof lay);
  answer(connection, lay_plan(lay.holder, lay.number), NULL, 0);
}

static bool is_same_user(int connection) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == geteuid();
}

static void set_patience(int connection, int option, int milliseconds) {
  const struct timeval patience = {milliseconds / 1000, milliseconds % 1000 * 1000};
  setsockopt(connection, SOL_SOCKET, option, &patience, sizeof patience);
}

static void serve(int connection) {
  if (!is_same_user(connection)) return;
  set_patience(connection, SO_RCVTIMEO, HEAR_MS);
  set_patience(connection, SO_SNDTIMEO, TELL_MS);
  struct request request;
  char payload[MOST_PAYLOAD];
  if (!hear(connection, &request, sizeof request)) return;
  const uint32_t payload_bytes = payload_of(request.word);
  if (request.magic != MAGIC || request.version != PROTOCOL || request.payload_bytes != payload_bytes) {
    answer(connection, STATUS_BAD_REQUEST, NULL, 0);
    return;
  }
  if (!hear(connection, payload, payload_bytes)) return;
  switch (request.word) {
    case WORD_DESCRIBE: answer_describe(connection); break;
    case WORD_FREEZE: answer_freeze(connection, payload); break;
    case WORD_PREPARE: answer_prepare(connection); break;
    case WORD_INDEX: answer_index(connection, payload); break;
    case WORD_LAY: answer_lay(connection, payload); break;
    default: answer(connection, STATUS_BAD_REQUEST, NULL, 0);
  }
}

static void *listen_on(void *unused) {
  (void)unused;
  for (;;) {
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    const int ready = poll(&waiting, 1, unfinished ? TIDY_AFTER_MS : PREPARED_FOR_MS);
    if (ready < 0) continue;
    if (unfinished)
      finish_freeze();
    else if (ready == 0)
      forget_preparation();
    unfinished = false;
    if (ready == 0) continue;
    const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0) {
      nanosleep(&(struct timespec){.tv_nsec = NO_ROOM_MS * 1000000l}, NULL);
      continue;
    }
    serve(connection);
    close(connection);
  }
  return NULL;
}

/* Begins to listen. Before QEMU's sandbox: what it forbids later is not needed later. */
bool start_control(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  strcpy(address.sun_path, path);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 || listen(listener, MOST_WAITING) != 0) return false;
  // QEMU waits for its signals in one place; this thread must not take them away.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int failure = pthread_create(&thread, &attributes, listen_on, NULL);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failure == 0) pthread_setname_np(thread, "mayfly-ram");
  errno = failure;
  return failure == 0;
}
