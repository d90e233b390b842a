/* Stays beside one QEMU and writes down how it ended.
 *
 *   mayfly-keeper EXIT_FILE [--descriptors=COUNT] [NAME=VALUE...] -- PROGRAM ARGUMENTS...
 *
 * The variables are the program's alone: a library that is preloaded into it has no business here.
 * Of the open descriptors it gets the first COUNT, whatever else the engine was started with.
 * The engine may be killed and started again while a machine runs; a process it did not start
 * is not its child, and nobody but a parent learns an exit status. The keeper is that parent.
 * It inherits the descriptors meant for QEMU, keeps none of them, and writes EXIT_FILE (JSON,
 * atomically) before it ends with QEMU's own status. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../shared/close-from.h"

static volatile sig_atomic_t child_pid;

static void pass_on(int number) {
  if (child_pid > 0) kill((pid_t)child_pid, number);
}

static long long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* EXIT_FILE is replaced as a whole: a reader sees all of it or nothing. */
static int write_record(const char *path, const char *record) {
  char temporary[4096];
  if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary) return -1;
  const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  const size_t length = strlen(record);
  const int written = write(fd, record, length) == (ssize_t)length && fsync(fd) == 0;
  close(fd);
  if (!written) {
    unlink(temporary);
    return -1;
  }
  return rename(temporary, path);
}

static int record_end(const char *path, pid_t pid, int status) {
  char record[256];
  if (WIFSIGNALED(status))
    snprintf(record, sizeof record, "{\"pid\":%ld,\"exitStatus\":null,\"signal\":%d,\"endedAtMs\":%lld}\n", (long)pid, WTERMSIG(status), now_ms());
  else
    snprintf(record, sizeof record, "{\"pid\":%ld,\"exitStatus\":%d,\"signal\":null,\"endedAtMs\":%lld}\n", (long)pid, WEXITSTATUS(status), now_ms());
  return write_record(path, record);
}

int main(int argc, char **argv) {
  int dashes = 2;
  while (dashes < argc && strcmp(argv[dashes], "--") != 0) dashes++;
  if (dashes + 1 >= argc) {
    fprintf(stderr, "usage: mayfly-keeper EXIT_FILE [--descriptors=COUNT] [NAME=VALUE...] -- PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  char **program = argv + dashes + 1;
  const char *exit_file = argv[1];
  unlink(exit_file);

  /* QEMU must begin with default dispositions, so ours are set after the fork. Who ends us in between must end QEMU, not leave it alone. */
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGHUP);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  sigprocmask(SIG_BLOCK, &held, &before);
  const pid_t pid = fork();
  if (pid < 0) {
    perror("mayfly-keeper: fork");
    return 125;
  }
  if (pid == 0) {
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (int i = 2; i < dashes; i++) {
      unsigned count;
      if (sscanf(argv[i], "--descriptors=%u", &count) == 1)
        close_from((int)count, true);
      else
        putenv(argv[i]);
    }
    execv(*program, program);
    fprintf(stderr, "mayfly-keeper: %s: %s\n", *program, strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }
  child_pid = pid;
  const struct sigaction ignore = {.sa_handler = SIG_IGN}, forward = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
  sigaction(SIGHUP, &ignore, NULL);
  sigaction(SIGINT, &ignore, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
  sigaction(SIGTERM, &forward, NULL);
  sigprocmask(SIG_SETMASK, &before, NULL);
  prctl(PR_SET_NAME, "mayfly-keeper");

  /* The guest's RAM and the log must not live on because of us. */
  close_from(0, false);
  open("/dev/null", O_RDWR);
  if (chdir("/") != 0) return 125;

  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 125;
  record_end(exit_file, pid, status);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
