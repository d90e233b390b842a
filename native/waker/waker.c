/* Sees to it that promises are kept while no engine is there: starts one when it is time.
 *
 *   mayfly-waker PROMISES ENGINE_LOCK WAKER_LOCK ENGINE_LOG
 *
 * There is one for each data folder, as long as something is promised. While an engine holds its
 * lock (flock, so it ends with the engine however that ends) the waker sleeps in the kernel and the
 * engine sees to everything. While none does, the waker looks at PROMISES every two seconds; the
 * clock is read each time, so a host that slept is no trouble. It knows nothing of machines: an
 * engine that starts settles what is due, and this one only starts it.
 *
 * PROMISES is replaced as a whole. Its fields end with a zero byte each:
 *   mayfly-promises 1               format and version
 *   command COUNT ARGUMENT...       what starts an engine
 *   at SECONDS EVENT_LOG            a machine that goes at this time (of the epoch)
 *   process PID_FILE EVENT_LOG      a machine that goes when the process with this pid file has ended
 *   unsettled                       something is half done: whoever finds no engine starts one
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../shared/close-from.h"

enum { look_every_s = 2, first_wait_s = 30, longest_wait_s = 3600 };
static const size_t most_bytes = 64 * 1024 * 1024;

struct text {
  char *bytes;
  size_t length;
};

/* The whole of a file, with a zero behind it. False with errno; bytes are NULL then. */
static int read_whole(const char *path, struct text *text) {
  *text = (struct text){NULL, 0};
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return 0;
  size_t room = 0;
  for (;;) {
    if (text->length + 1 >= room) {
      room = room == 0 ? 4096 : room * 2;
      char *larger = room > most_bytes ? NULL : realloc(text->bytes, room);
      if (larger == NULL) break;
      text->bytes = larger;
    }
    const ssize_t count = read(fd, text->bytes + text->length, room - text->length - 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    if (count == 0) {
      close(fd);
      text->bytes[text->length] = 0;
      return 1;
    }
    text->length += (size_t)count;
  }
  close(fd);
  free(text->bytes);
  *text = (struct text){NULL, 0};
  errno = EIO;
  return 0;
}

/* The field at *place; moves on to the next. NULL at the end. */
static char *next_field(const struct text *text, size_t *place) {
  if (*place >= text->length) return NULL;
  char *field = text->bytes + *place;
  *place += strlen(field) + 1;
  return field;
}

/* Whether the process that wrote this pid file runs: its number may be another's by now, the path among its arguments is not. */
static int runs(const char *pid_file) {
  struct text pid, arguments;
  if (!read_whole(pid_file, &pid)) return 0;
  const long number = atol(pid.bytes);
  free(pid.bytes);
  if (number <= 0) return 0;
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/cmdline", number);
  if (!read_whole(path, &arguments)) return 0;
  int found = 0;
  size_t place = 0;
  for (const char *argument; !found && (argument = next_field(&arguments, &place)) != NULL;) found = strcmp(argument, pid_file) == 0;
  free(arguments.bytes);
  return found;
}

struct promises {
  struct text text;
  char **command;
  int is_due;
};

/* Appends a line to the log of a machine that is there, in the form the engine gives it. */
static void tell(const char *log, const char *format, ...) {
  const int fd = open(log, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return;
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  char at[32], line[2048];
  strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &parts);
  int length = snprintf(line, sizeof line, "%s.%03ldZ ", at, now.tv_nsec / 1000000);
  va_list words;
  va_start(words, format);
  vsnprintf(line + length, sizeof line - (size_t)length, format, words);
  va_end(words);
  // A log that cannot be written has nobody else to be told.
  if (write(fd, line, strlen(line)) < 0) errno = 0;
  close(fd);
}

/* Goes through the machines that are due; with `why`, tells each log why it is still there. False: not our format. */
static int look_through(struct promises *promises, const char *why) {
  const struct text *text = &promises->text;
  size_t place = 0;
  const char *format = next_field(text, &place), *version = next_field(text, &place);
  if (format == NULL || version == NULL || strcmp(format, "mayfly-promises") != 0 || strcmp(version, "1") != 0) return 0;
  promises->is_due = 0;
  for (char *kind; (kind = next_field(text, &place)) != NULL;) {
    if (strcmp(kind, "unsettled") == 0) {
      promises->is_due = 1;
      continue;
    }
    char *value = next_field(text, &place);
    if (value == NULL) return 0;
    if (strcmp(kind, "command") == 0) {
      const size_t count = strtoul(value, NULL, 10);
      if (count == 0 || count > 1000) return 0;
      free(promises->command);
      promises->command = calloc(count + 1, sizeof *promises->command);
      if (promises->command == NULL) return 0;
      for (size_t i = 0; i < count; i++)
        if ((promises->command[i] = next_field(text, &place)) == NULL) return 0;
      continue;
    }
    const char *log = next_field(text, &place);
    if (log == NULL) return 0;
    const int due = strcmp(kind, "at") == 0 ? strtoll(value, NULL, 10) <= (long long)time(NULL) : strcmp(kind, "process") == 0 && !runs(value);
    if (!due) continue;
    promises->is_due = 1;
    if (why != NULL) tell(log, "left: It could not be deleted, because no engine could be started: %s. The next engine deletes it.\n", why);
  }
  return promises->command != NULL;
}

static void forget(struct promises *promises) {
  free(promises->text.bytes);
  free(promises->command);
  *promises = (struct promises){0};
}

/* Waits until no engine holds the lock, or only looks. Holds it for an instant, which an engine that starts allows for. */
static int is_free(const char *lock, int wait) {
  const int fd = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT;
  int outcome;
  do outcome = flock(fd, wait ? LOCK_SH : LOCK_SH | LOCK_NB);
  while (outcome != 0 && errno == EINTR);
  close(fd);
  return outcome == 0;
}

/* Starts an engine and waits until it has ended. False: it could not be started, or failed; `why` says it. */
static int start_engine(char **command, const char *log, char *why, size_t room) {
  int failure[2] = {-1, -1};
  if (pipe2(failure, O_CLOEXEC) != 0) {
    snprintf(why, room, "%s", strerror(errno));
    return 0;
  }
  const pid_t pid = fork();
  if (pid < 0) {
    snprintf(why, room, "%s", strerror(errno));
    close(failure[0]);
    close(failure[1]);
    return 0;
  }
  if (pid == 0) {
    setsid();
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    sigaction(SIGHUP, &usual, NULL);
    sigaction(SIGINT, &usual, NULL);
    sigaction(SIGPIPE, &usual, NULL);
    const int out = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (out >= 0) {
      dup2(out, STDOUT_FILENO);
      dup2(out, STDERR_FILENO);
    }
    execv(command[0], command);
    const int number = errno;
    _exit(write(failure[1], &number, sizeof number) < 0 ? 126 : 127);
  }
  close(failure[1]);
  int number = 0;
  ssize_t count;
  do count = read(failure[0], &number, sizeof number);
  while (count < 0 && errno == EINTR);
  close(failure[0]);
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 1;
  if (count == sizeof number)
    snprintf(why, room, "%.1000s: %s", command[0], strerror(number));
  else if (WIFSIGNALED(status))
    snprintf(why, room, "it was ended by signal %d", WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0)
    snprintf(why, room, "it ended with status %d; its log is %.1000s", WEXITSTATUS(status), log);
  else
    return 1;
  return 0;
}

/* Seconds that go on while the host sleeps, and that nobody sets. */
static long long boot_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

/* True: we are the one waker. Whoever asks whether there is one holds the lock for an instant. */
static int become_the_one(const char *path) {
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return 0;
  for (int attempt = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; attempt++) {
    if (attempt == 20) return 0;
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  }
  return ftruncate(fd, 0) == 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: mayfly-waker PROMISES ENGINE_LOCK WAKER_LOCK ENGINE_LOG\n");
    return 125;
  }
  const char *promises_file = argv[1], *engine_lock = argv[2], *engine_log = argv[4];
  const struct sigaction ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGHUP, &ignore, NULL);
  sigaction(SIGINT, &ignore, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
  prctl(PR_SET_NAME, "mayfly-waker");
  close_from(0, false);
  for (int i = 0; i < 3; i++)
    if (open("/dev/null", O_RDWR) < 0) return 125;
  if (chdir("/") != 0 || !become_the_one(argv[3])) return 0;

  struct promises before = {0};
  long long not_before = 0, wait_s = first_wait_s;
  for (;;) {
    is_free(engine_lock, 1);
    // Whoever was going to start an engine comes first.
    sleep(look_every_s);
    if (!is_free(engine_lock, 0)) continue;
    struct promises now = {0};
    if (!read_whole(promises_file, &now.text) || !look_through(&now, NULL)) return 0;
    // An engine that was here and changed nothing will change nothing if it comes again at once.
    const int is_as_before = before.text.bytes != NULL && before.text.length == now.text.length && memcmp(before.text.bytes, now.text.bytes, now.text.length) == 0;
    if (!now.is_due || (is_as_before && boot_seconds() < not_before)) {
      forget(&now);
      continue;
    }
    char why[1200];
    const int started = start_engine(now.command, engine_log, why, sizeof why);
    if (!started && !is_as_before) look_through(&now, why);
    wait_s = is_as_before ? (wait_s * 2 > longest_wait_s ? longest_wait_s : wait_s * 2) : first_wait_s;
    not_before = boot_seconds() + wait_s;
    forget(&before);
    before = now;
  }
}
