/* For tests of native/ram: a library that is loaded before it and lets its thread dawdle, once, at the
 * first mapping over a machine's pages: between the copy of a freeze and the mapping of that copy. It does
 * so where PLACE/armed lies, which becomes PLACE/dawdling and then PLACE/done. Where PLACE/refusing lies, which
 * becomes PLACE/refused, that mapping fails, and as the kernel may do it when it fails late: what lay there is gone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

static bool is_library_thread(void) {
  char name[16];
  return prctl(PR_GET_NAME, name) == 0 && strcmp(name, "mayfly-ram") == 0;
}

static void dawdle(void) {
  if (rename(PLACE "/armed", PLACE "/dawdling") != 0) return;
  nanosleep(&(struct timespec){.tv_sec = SECONDS}, NULL);
  rename(PLACE "/dawdling", PLACE "/done");
}

long syscall(long number, ...) {
  static long (*next)(long, ...);
  if (next == NULL) next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  long given[6];
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) given[i] = va_arg(list, long);
  va_end(list);
  const long flags = MAP_PRIVATE | MAP_FIXED;
  if (number == SYS_mmap && (given[3] & flags) == flags && (int)given[4] >= 0 && is_library_thread()) {
    dawdle();
    if (rename(PLACE "/refusing", PLACE "/refused") == 0) {
      next(SYS_munmap, given[0], given[1]);
      errno = ENOMEM;
      return -1;
    }
  }
  return next(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
