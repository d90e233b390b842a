/* The kernel's own calls, past everything that is interposed, and lists of extents. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ram.h"

#if !defined(__LP64__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Offsets are 64 bits wide and numbers little-endian here."
#endif

void *system_map(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  return (void *)syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
}

int system_unmap(void *address, size_t bytes) {
  return (int)syscall(SYS_munmap, address, bytes);
}

int system_advise(void *address, size_t bytes, int advice) {
  return (int)syscall(SYS_madvise, address, bytes, advice);
}

int system_allocate(int descriptor, int mode, off_t offset, off_t bytes) {
  return (int)syscall(SYS_fallocate, descriptor, mode, offset, bytes);
}

bool read_fully(int descriptor, void *buffer, size_t bytes, off_t offset) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t n = pread(descriptor, (char *)buffer + done, bytes - done, offset + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

/* Appends, joined to the last one where they touch and are of one kind. */
bool extents_add(struct extents *extents, uint32_t first, uint32_t count, uint32_t kind) {
  if (extents->count > 0) {
    struct extent *last = &extents->list[extents->count - 1];
    if (last->kind == kind && last->first + last->count == first) {
      last->count += count;
      return true;
    }
  }
  if (extents->count == extents->room) {
    const size_t room = extents->room == 0 ? 256 : extents->room * 2;
    struct extent *list = realloc(extents->list, room * sizeof *list);
    if (list == NULL) return false;
    extents->list = list;
    extents->room = room;
  }
  extents->list[extents->count++] = (struct extent){first, count, kind};
  return true;
}

void extents_drop(struct extents *extents) {
  free(extents->list);
  *extents = (struct extents){0};
}

/* QEMU's stderr is the machine's log. */
void complain(const char *what) {
  const int code = errno;
  char line[256];
  const int length = snprintf(line, sizeof line, "mayfly-ram: %s: %s\n", what, strerror(code));
  if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) errno = code;
  errno = code;
}
