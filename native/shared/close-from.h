/* Closing what a process was given to inherit. glibc has calls for that since 2.34 and musl none,
 * so the kernel is asked itself. */
#ifndef MAYFLY_CLOSE_FROM_H
#define MAYFLY_CLOSE_FROM_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same number on every architecture; older headers lack it, and the flag. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
enum { CLOSE_AT_EXEC = 1 << 2 };

static inline void drop_descriptor(int number, bool only_at_exec) {
  if (only_at_exec)
    fcntl(number, F_SETFD, FD_CLOEXEC);
  else
    close(number);
}

/* Closes all descriptors from `first` on, at once or when a program is executed. */
static inline void close_from(int first, bool only_at_exec) {
  if (syscall(SYS_close_range, (unsigned)first, ~0u, only_at_exec ? CLOSE_AT_EXEC : 0) == 0) return;
  // Before Linux 5.9, and the flag before 5.11.
  DIR *folder = opendir("/proc/self/fd");
  if (folder == NULL) {
    for (int number = first; number < sysconf(_SC_OPEN_MAX); number++) drop_descriptor(number, only_at_exec);
    return;
  }
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    const int number = atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number >= first && number != dirfd(folder)) drop_descriptor(number, only_at_exec);
  }
  closedir(folder);
}

#endif
