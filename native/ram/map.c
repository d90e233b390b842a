/* QEMU maps its RAM file; what it gets is the pile. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ram.h"

#define PRIVATELY (MAP_PRIVATE | MAP_NORESERVE)

bool is_ram(int descriptor) {
  struct stat status;
  const int code = errno;
  const bool same = descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_dev == ram.device && status.st_ino == ram.inode;
  errno = code;
  return same;
}

/* Maps a run of one source in place. Where the system refuses one more mapping, the pages are
 * read into memory that is mapped already: they are right, and count as the guest's own. */
static bool map_run(char *address, uint32_t first, uint32_t count, uint16_t source, int protection, bool may_map) {
  const size_t bytes = (size_t)count * PAGE_BYTES;
  const off_t offset = (off_t)first * PAGE_BYTES;
  const bool zero = source >= SOURCE_ZERO;
  if (may_map) {
    const int flags = PRIVATELY | MAP_FIXED | (zero ? MAP_ANONYMOUS : 0);
    if (system_map(address, bytes, protection, flags, zero ? -1 : ram.layers[source].descriptor, zero ? 0 : offset) != MAP_FAILED) {
      copied_set(first, count, false);
      return true;
    }
    if (errno != ENOMEM) return false;
  }
  if ((protection & PROT_WRITE) == 0) return false;
  copied_set(first, count, true);
  if (zero) {
    memset(address, 0, bytes);
    return true;
  }
  return read_fully(ram.layers[source].descriptor, address, bytes, offset);
}

/* The longest run that is copied instead of mapped, so that the mappings stay within bounds. */
static uint32_t copied_run_length(uint32_t first, uint32_t end) {
  enum { LENGTHS = 64 };
  if (ram.borders <= ram.most_borders) return 0;
  uint32_t runs[LENGTHS + 1] = {0}, mapped = 0;
  for (uint32_t page = first, run; page < end; page += run) {
    run = source_run(page, end);
    runs[run > LENGTHS ? LENGTHS : run - 1]++;
    mapped++;
  }
  uint32_t length = 0;
  while (length < LENGTHS && mapped > ram.most_borders / 2) mapped -= runs[length++];
  return length;
}

/* Maps the pile at `address`: the lowest layer as a whole, and over it what differs. */
static bool map_pile(char *address, uint32_t first, uint32_t count, int protection) {
  const uint32_t end = first + count;
  if (!map_run(address, first, count, 0, protection, true)) return false;
  const uint32_t copied = copied_run_length(first, end);
  for (uint32_t page = first, run; page < end; page += run) {
    run = source_run(page, end);
    if (ram.sources[page] == 0) continue;
    if (!map_run(address + (size_t)(page - first) * PAGE_BYTES, page, run, ram.sources[page], protection, run > copied)) return false;
  }
  return true;
}

bool map_anew(void) {
  bool done = true;
  for (unsigned i = 0; i < ram.piece_count; i++) {
    const struct piece *piece = &ram.pieces[i];
    if (map_pile(piece->address, piece->first, piece->count, piece->protection)) continue;
    complain("a part of the memory could not be mapped anew");
    done = false;
  }
  ram.stale_borders = 0;
  return done;
}

static bool add_piece(char *address, uint32_t first, uint32_t count, int protection) {
  for (unsigned i = 0; i < ram.piece_count; i++) {
    const struct piece *piece = &ram.pieces[i];
    if (first >= piece->first + piece->count || piece->first >= first + count) continue;
    // The same pages at the same address, mapped anew: QEMU replaces a page whose memory failed.
    if (address - (size_t)first * PAGE_BYTES == piece->address - (size_t)piece->first * PAGE_BYTES && first >= piece->first && first + count <= piece->first + piece->count) return true;
    return false;
  }
  if (ram.piece_count == MAX_PIECES) return false;
  ram.pieces[ram.piece_count++] = (struct piece){address, first, count, protection};
  return true;
}

/* mmap(2) of the RAM file as QEMU asks for it. */
void *map_ram(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  const uint64_t first = (uint64_t)offset / PAGE_BYTES, count = (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
  pthread_mutex_lock(&ram.lock);
  void *mapped = MAP_FAILED;
  if (ram.broken || bytes == 0 || offset < 0 || offset % PAGE_BYTES != 0 || first + count > ram.pages) {
    errno = EINVAL;
  } else if (!ram.private_mode) {
    mapped = system_map(address, bytes, protection, flags, descriptor, offset);
    if (mapped != MAP_FAILED && !add_piece(mapped, (uint32_t)first, (uint32_t)count, protection)) ram.disturbed = true;
  } else {
    const bool fixed = (flags & MAP_FIXED) != 0;
    mapped = fixed ? address : system_map(address, bytes, PROT_NONE, PRIVATELY | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED && !add_piece(mapped, (uint32_t)first, (uint32_t)count, protection)) {
      // Two private mappings of one page would not see each other's writes.
      if (!fixed) system_unmap(mapped, bytes);
      mapped = MAP_FAILED;
      errno = EBUSY;
    }
    if (mapped != MAP_FAILED && !map_pile(mapped, (uint32_t)first, (uint32_t)count, protection)) {
      complain("the machine's memory cannot be mapped");
      ram.disturbed = true;
      mapped = MAP_FAILED;
    }
  }
  pthread_mutex_unlock(&ram.lock);
  return mapped;
}

static bool overlaps(const struct piece *piece, const char *address, size_t bytes) {
  return address < piece->address + (size_t)piece->count * PAGE_BYTES && piece->address < address + bytes;
}

/* QEMU unmaps something: what was RAM there is not ours to touch any more. */
int unmap_any(char *address, size_t bytes) {
  pthread_mutex_lock(&ram.lock);
  for (unsigned i = 0; i < ram.piece_count;) {
    struct piece *piece = &ram.pieces[i];
    if (!overlaps(piece, address, bytes)) {
      i++;
      continue;
    }
    if (address > piece->address || address + bytes < piece->address + (size_t)piece->count * PAGE_BYTES) ram.disturbed = true;
    *piece = ram.pieces[--ram.piece_count];
  }
  const int outcome = system_unmap(address, bytes);
  pthread_mutex_unlock(&ram.lock);
  return outcome;
}

/* Something that is not RAM is mapped to a fixed address, which might be RAM's. */
void *map_over(char *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  pthread_mutex_lock(&ram.lock);
  for (unsigned i = 0; i < ram.piece_count; i++)
    if (overlaps(&ram.pieces[i], address, bytes)) ram.disturbed = true;
  void *mapped = system_map(address, bytes, protection, flags, descriptor, offset);
  pthread_mutex_unlock(&ram.lock);
  return mapped;
}
