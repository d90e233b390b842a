/* Which pages the guest wrote since its last freeze: those of a private mapping that are not a
 * file's any more, present or swapped out; and those it gave back, which are zero now. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "ram.h"

/* PAGEMAP_SCAN of Linux 6.7 (Documentation/admin-guide/mm/pagemap.rst); older headers lack it. */
struct scan_region {
  __u64 start, end, categories;
};
struct scan_request {
  __u64 size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_REQUEST _IOWR('f', 16, struct scan_request)
enum { IS_FILE = 1 << 2, IS_PRESENT = 1 << 3, IS_SWAPPED = 1 << 4, IS_ZERO_PAGE = 1 << 5 };

/* Bits of an entry of /proc/PID/pagemap (the same document). */
#define ENTRY_PRESENT (1ull << 63)
#define ENTRY_SWAPPED (1ull << 62)
#define ENTRY_FILE (1ull << 61)

enum { REGIONS = 1024, ENTRIES = 16384 };

/* 1 when done, 0 where this kernel has no such scan, -1 on an error. */
static int scan_by_request(int pagemap, const struct piece *piece, struct extents *into) {
  static struct scan_region regions[REGIONS];
  const uint64_t begin = (uintptr_t)piece->address, end = begin + (uint64_t)piece->count * PAGE_BYTES;
  for (uint64_t at = begin; at < end;) {
    struct scan_request request = {
        .size = sizeof request,
        .start = at,
        .end = end,
        .vec = (uintptr_t)regions,
        .vec_len = REGIONS,
        .category_inverted = IS_FILE | IS_ZERO_PAGE,
        .category_mask = IS_FILE | IS_ZERO_PAGE,
        .category_anyof_mask = IS_PRESENT | IS_SWAPPED,
    };
    const int found = ioctl(pagemap, SCAN_REQUEST, &request);
    if (found < 0) {
      if (errno == EINTR) continue;
      return at == begin && (errno == ENOTTY || errno == EINVAL) ? 0 : -1;
    }
    /* Seen on 6.18: an answer says that it ended before regions it has given. Each page is taken once, whatever the kernel says. */
    uint64_t next = at;
    for (int i = 0; i < found; i++) {
      const uint64_t from = regions[i].start > next ? regions[i].start : next, until = regions[i].end < end ? regions[i].end : end;
      if (until <= from) continue;
      if (!extents_add(into, piece->first + (uint32_t)((from - begin) / PAGE_BYTES), (uint32_t)((until - from) / PAGE_BYTES), KIND_DATA)) return -1;
      next = until;
    }
    if (request.walk_end > next) next = request.walk_end;
    if (next <= at) return -1;
    at = next;
  }
  return 1;
}

static bool scan_by_entries(int pagemap, const struct piece *piece, struct extents *into) {
  uint64_t *entries = malloc(ENTRIES * sizeof *entries);
  if (entries == NULL) return false;
  const uint64_t first_entry = (uintptr_t)piece->address / PAGE_BYTES;
  bool fine = true;
  for (uint32_t done = 0; fine && done < piece->count;) {
    const uint32_t count = piece->count - done < ENTRIES ? piece->count - done : ENTRIES;
    fine = read_fully(pagemap, entries, count * sizeof *entries, (off_t)((first_entry + done) * sizeof *entries));
    for (uint32_t i = 0; fine && i < count; i++)
      if ((entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED)) != 0 && (entries[i] & ENTRY_FILE) == 0) fine = extents_add(into, piece->first + done + i, 1, KIND_DATA);
    done += count;
  }
  free(entries);
  return fine;
}

static int by_first_page(const void *a, const void *b) {
  const struct extent *left = a, *right = b;
  return left->first < right->first ? -1 : left->first > right->first;
}

/* Adds the discarded pages that were not written again, in their places. */
static bool add_discarded(const struct extents *written, struct extents *into) {
  size_t next = 0;
  uint32_t page = 0;
  while (page < ram.pages) {
    const bool is_written = next < written->count && page >= written->list[next].first;
    if (is_written) {
      if (!extents_add(into, page, written->list[next].count, KIND_DATA)) return false;
      page += written->list[next++].count;
      continue;
    }
    const uint32_t end = next < written->count ? written->list[next].first : ram.pages;
    if (ram.discarded_pages == 0) {
      page = end;
      continue;
    }
    for (; page < end; page++)
      if (ram.sources[page] == SOURCE_DISCARDED && !extents_add(into, page, 1, KIND_ZERO)) return false;
  }
  return true;
}

/* What a layer made now would hold, in order. Private mode, lock held. */
bool collect_changes(struct extents *into) {
  // Opened each time: a descriptor that stays open would be one more thing a guest could reach.
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return false;
  struct extents written = {0};
  bool fine = true;
  for (unsigned i = 0; fine && i < ram.piece_count; i++) {
    const size_t before = written.count;
    const int scanned = scan_by_request(pagemap, &ram.pieces[i], &written);
    if (scanned == 0) written.count = before;
    fine = scanned > 0 || (scanned == 0 && scan_by_entries(pagemap, &ram.pieces[i], &written));
  }
  const int code = errno;
  close(pagemap);
  errno = code;
  if (fine && ram.piece_count > 1) qsort(written.list, written.count, sizeof *written.list, by_first_page);
  fine = fine && add_discarded(&written, into);
  extents_drop(&written);
  return fine;
}
