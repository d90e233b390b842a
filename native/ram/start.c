/* Runs before QEMU's main: takes what the engine says from the environment, and nothing of it
 * stays there. A process that was told nothing is left alone. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ram.h"

/* Contract with engine/qemu/process/ram-library.ts. */
#define RAM_VARIABLE "MAYFLY_RAM_DESCRIPTOR"
#define PLAN_VARIABLE "MAYFLY_RAM_PLAN"
#define SOCKET_VARIABLE "MAYFLY_RAM_SOCKET"
#define PROBE_VARIABLE "MAYFLY_RAM_PROBE"
#define CLOSE_VARIABLE "MAYFLY_RAM_CLOSE"

/* Of 65,530 mappings by default, what QEMU and its libraries may need is left to them. */
enum { FEWEST_BORDERS = 1024, OTHERS_MAPPINGS = 8192, DEFAULT_MAPPINGS = 65530 };

struct ram ram = {.lock = PTHREAD_MUTEX_INITIALIZER, .descriptor = -1};

/* A descriptor named by a variable, which is removed; -1 where there is none. */
static int take_descriptor(const char *name) {
  const char *text = getenv(name);
  char *end = NULL;
  errno = 0;
  const long number = text == NULL ? -1 : strtol(text, &end, 10);
  const bool sound = text != NULL && end != text && *end == '\0' && errno == 0 && number >= 0 && number <= INT_MAX;
  unsetenv(name);
  return sound ? (int)number : -1;
}

static uint32_t most_borders(void) {
  char text[32] = {0};
  const int file = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
  long most = DEFAULT_MAPPINGS;
  if (file >= 0) {
    if (read(file, text, sizeof text - 1) > 0) most = strtol(text, NULL, 10);
    close(file);
  }
  if (most > INT32_MAX) most = INT32_MAX;
  return most > OTHERS_MAPPINGS + FEWEST_BORDERS ? (uint32_t)(most - OTHERS_MAPPINGS) : FEWEST_BORDERS;
}

static bool recognise(int descriptor) {
  struct stat status;
  if (sysconf(_SC_PAGESIZE) != PAGE_BYTES || fstat(descriptor, &status) != 0) return false;
  errno = EINVAL;
  if (!S_ISREG(status.st_mode) || status.st_size <= 0 || status.st_size % PAGE_BYTES != 0 || status.st_size / PAGE_BYTES >= UINT32_MAX) return false;
  ram.device = status.st_dev;
  ram.inode = status.st_ino;
  ram.descriptor = descriptor;
  ram.pages = (uint32_t)(status.st_size / PAGE_BYTES);
  ram.most_borders = most_borders();
  return true;
}

__attribute__((constructor)) static void start(void) {
  const int descriptor = take_descriptor(RAM_VARIABLE), plan = take_descriptor(PLAN_VARIABLE), probe = take_descriptor(PROBE_VARIABLE), spare = take_descriptor(CLOSE_VARIABLE);
  if (probe >= 0) {
    if (write(probe, "mayfly-ram 1\n", 13) < 0) complain("the probe");
    close(probe);
  }
  if (spare >= 0) close(spare);
  if (descriptor < 0) return;
  unsetenv("LD_PRELOAD");
  char path[PATH_MAX] = "";
  const char *socket = getenv(SOCKET_VARIABLE);
  if (socket != NULL) snprintf(path, sizeof path, "%s", socket);
  unsetenv(SOCKET_VARIABLE);

  if (!recognise(descriptor)) {
    complain("the machine's memory file is of no use");
    return;
  }
  if (plan >= 0) {
    if (!read_plan(plan, 0)) {
      complain("the plan of the machine's memory cannot be used");
      ram.broken = true;
    }
    close(plan);
  }
  ram.active = true;
  // Without the socket the machine runs, and cannot be frozen; the engine sees that nobody listens.
  if (path[0] != '\0' && !start_control(path)) complain("the control socket");
}
