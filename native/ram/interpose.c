/* The calls of QEMU that concern its RAM. In any process that is not a machine of ours, and for
 * every other file, they are the kernel's own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "ram.h"

#define EXPORTED __attribute__((visibility("default")))

static void *map(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  if (!ram.active) return system_map(address, bytes, protection, flags, descriptor, offset);
  const int sharing = flags & MAP_TYPE;
  if (descriptor >= 0 && (flags & MAP_ANONYMOUS) == 0 && (sharing == MAP_SHARED || sharing == MAP_SHARED_VALIDATE) && is_ram(descriptor))
    return map_ram(address, bytes, protection, flags, descriptor, offset);
  return (flags & MAP_FIXED) != 0 ? map_over(address, bytes, protection, flags, descriptor, offset) : system_map(address, bytes, protection, flags, descriptor, offset);
}

EXPORTED void *mmap(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  return map(address, bytes, protection, flags, descriptor, offset);
}

EXPORTED void *mmap64(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  return map(address, bytes, protection, flags, descriptor, offset);
}

EXPORTED int munmap(void *address, size_t bytes) {
  return ram.active ? unmap_any(address, bytes) : system_unmap(address, bytes);
}

static int allocate(int descriptor, int mode, off_t offset, off_t bytes) {
  if (!ram.active || !is_ram(descriptor)) return system_allocate(descriptor, mode, offset, bytes);
  pthread_mutex_lock(&ram.lock);
  int outcome = 0;
  if (!ram.private_mode) {
    outcome = system_allocate(descriptor, mode, offset, bytes);
  } else if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) {
    const uint64_t first = ((uint64_t)offset + PAGE_BYTES - 1) / PAGE_BYTES, end = ((uint64_t)offset + (uint64_t)bytes) / PAGE_BYTES;
    if (offset < 0 || bytes <= 0 || end > ram.pages) {
      errno = EINVAL;
      outcome = -1;
    } else if (end > first) {
      discard_pages((uint32_t)first, (uint32_t)(end - first));
    }
  } else if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE) {
    errno = EOPNOTSUPP;
    outcome = -1;
  }
  pthread_mutex_unlock(&ram.lock);
  return outcome;
}

EXPORTED int fallocate(int descriptor, int mode, off_t offset, off_t bytes) {
  return allocate(descriptor, mode, offset, bytes);
}

EXPORTED int fallocate64(int descriptor, int mode, off_t offset, off_t bytes) {
  return allocate(descriptor, mode, offset, bytes);
}

EXPORTED int madvise(void *address, size_t bytes, int advice) {
  if (!ram.active) return system_advise(address, bytes, advice);
  if (advice == MADV_DONTNEED || advice == MADV_REMOVE) {
    if (discard_addresses(address, bytes)) return 0;
  } else if (advice == MADV_DONTDUMP && !ram.hidden_from_dumps) {
    pthread_mutex_lock(&ram.lock);
    for (unsigned i = 0; i < ram.piece_count; i++)
      if ((char *)address <= ram.pieces[i].address && (char *)address + bytes > ram.pieces[i].address) ram.hidden_from_dumps = true;
    pthread_mutex_unlock(&ram.lock);
  }
  return system_advise(address, bytes, advice);
}
