/* For tests of native/ram: a library that is loaded before it and lets its thread dawdle, once, at the
 * first mapping over a machine's pages: between the copy of a freeze and the mapping of that copy. It does
 * so where PLACE/armed lies, which becomes PLACE/dawdling and then PLACE/done. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

static void dawdle(void) {
  char name[16];
  if (prctl(PR_GET_NAME, name) != 0 || strcmp(name, "mayfly-ram") != 0) return;
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
  if (number == SYS_mmap && (given[3] & flags) == flags && (int)given[4] >= 0) dawdle();
  return next(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}
