/* A balloon or free page reporting gives memory back. A shared machine's file is punched as QEMU
 * means it; a private one gets fresh zeroes mapped, and its layers never hear of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "ram.h"

static const char zero_page[PAGE_BYTES];

/* Without another mapping: what shows through from the layer is overwritten. A copy stays a page of the
 * guest's own, so that the next freeze has its zeroes: what lies beneath may be zero where its source is not. */
static void wipe(char *address, uint32_t count, bool is_copied) {
  if (is_copied) {
    memset(address, 0, (size_t)count * PAGE_BYTES);
    return;
  }
  system_advise(address, (size_t)count * PAGE_BYTES, MADV_DONTNEED);
  for (uint32_t page = 0; page < count; page++) {
    char *at = address + (size_t)page * PAGE_BYTES;
    if (memcmp(at, zero_page, PAGE_BYTES) != 0) memset(at, 0, PAGE_BYTES);
  }
}

static void discard_run(char *address, uint32_t first, uint32_t count, int protection) {
  const size_t bytes = (size_t)count * PAGE_BYTES;
  const bool is_copied = ram.copied_pages > 0 && ram.copied[first];
  if (ram.sources[first] >= SOURCE_ZERO && !is_copied) {
    // Zeroes are mapped there already.
    system_advise(address, bytes, MADV_DONTNEED);
    return;
  }
  if (ram.borders + ram.stale_borders < ram.most_borders && system_map(address, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED) {
    if (ram.hidden_from_dumps) system_advise(address, bytes, MADV_DONTDUMP);
    sources_set(first, count, SOURCE_DISCARDED);
    copied_set(first, count, false);
    return;
  }
  wipe(address, count, is_copied);
}

/* Private mode, lock held. */
void discard_pages(uint32_t first, uint32_t count) {
  for (unsigned i = 0; i < ram.piece_count; i++) {
    const struct piece *piece = &ram.pieces[i];
    const uint32_t from = first > piece->first ? first : piece->first;
    const uint32_t pieces_end = piece->first + piece->count, end = first + count < pieces_end ? first + count : pieces_end;
    for (uint32_t page = from, run; page < end; page += run) {
      run = source_run(page, end);
      discard_run(piece->address + (size_t)(page - piece->first) * PAGE_BYTES, page, run, piece->protection);
    }
  }
}

/* MADV_DONTNEED or MADV_REMOVE on addresses: true where all of them are RAM, and it is done. */
bool discard_addresses(char *address, size_t bytes) {
  bool done = false;
  pthread_mutex_lock(&ram.lock);
  if (ram.private_mode && (uintptr_t)address % PAGE_BYTES == 0) {
    for (unsigned i = 0; i < ram.piece_count && !done; i++) {
      const struct piece *piece = &ram.pieces[i];
      if (address < piece->address || address + bytes > piece->address + (size_t)piece->count * PAGE_BYTES) continue;
      discard_pages(piece->first + (uint32_t)((size_t)(address - piece->address) / PAGE_BYTES), (uint32_t)((bytes + PAGE_BYTES - 1) / PAGE_BYTES));
      done = true;
    }
  }
  pthread_mutex_unlock(&ram.lock);
  return done;
}
