/* Copying pages into the file of a new layer. What was prepared while the guest ran lies in memory
 * that is allocated and mapped already; copying into it, in two threads, takes a tenth of the time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ram.h"

/* Since Linux 5.14; older headers lack it. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Less than this is copied in the pause anyway, in a few milliseconds. */
enum { PREPARE_FROM_PAGES = 2048, TWO_THREADS_FROM_PAGES = 4096, WRITE_PAGES = 256 };

static const char zero_page[PAGE_BYTES];

/* A file that already has most of what the next layer will hold, and where it is mapped. */
static struct {
  int file;
  char *view;
  /* What is allocated. */
  struct extents extents;
} prepared = {.file = -1};

static size_t ram_bytes(void) {
  return (size_t)ram.pages * PAGE_BYTES;
}

int make_file(void) {
  const int file = memfd_create("mayfly-ram-layer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  if (ftruncate(file, (off_t)ram_bytes()) == 0) return file;
  const int code = errno;
  close(file);
  errno = code;
  return -1;
}

/* A page that is in use elsewhere makes the kernel refuse F_SEAL_WRITE; nothing here writes either way. */
void seal(int file) {
  const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
  if (fcntl(file, F_ADD_SEALS, all | F_SEAL_WRITE) != 0) fcntl(file, F_ADD_SEALS, all);
}

/* Writes pages that are not zero; a hole is as good. */
bool write_pages(int file, const char *address, uint32_t first, uint32_t count, uint64_t *written) {
  for (uint32_t page = 0; page < count;) {
    uint32_t run = 0;
    while (page + run < count && run < WRITE_PAGES && memcmp(address + (size_t)(page + run) * PAGE_BYTES, zero_page, PAGE_BYTES) != 0) run++;
    const size_t bytes = (size_t)run * PAGE_BYTES;
    for (size_t done = 0; done < bytes;) {
      const ssize_t n = pwrite(file, address + (size_t)page * PAGE_BYTES + done, bytes - done, (off_t)(first + page) * PAGE_BYTES + (off_t)done);
      if (n < 0 && errno == EINTR) continue;
      if (n == 0) errno = ENOSPC;
      if (n <= 0) return false;
      done += (size_t)n;
    }
    *written += bytes;
    page += run == 0 ? 1 : run;
  }
  return true;
}

/* Pages that are allocated in the view already. */
struct share {
  struct extents extents;
  size_t pages;
};

static void copy_share(const struct share *share) {
  for (size_t i = 0; i < share->extents.count; i++) {
    const struct extent *extent = &share->extents.list[i];
    for (uint32_t done = 0, count; done < extent->count; done += count) {
      count = extent->count - done;
      const char *address = part_of(extent->first + done, &count);
      memcpy(prepared.view + (size_t)(extent->first + done) * PAGE_BYTES, address, (size_t)count * PAGE_BYTES);
    }
  }
}

static void *copy_beside(void *share) {
  copy_share(share);
  return NULL;
}

/* In two threads where it is much; in one where there cannot be two. */
static void copy_shares(struct share shares[2]) {
  pthread_t beside;
  const bool is_much = shares[0].pages + shares[1].pages >= TWO_THREADS_FROM_PAGES;
  const bool has_beside = is_much && pthread_create(&beside, NULL, copy_beside, &shares[1]) == 0;
  copy_share(&shares[0]);
  if (has_beside)
    pthread_join(beside, NULL);
  else
    copy_share(&shares[1]);
}

/* Sorts the pages of an extent: what is allocated goes to the smaller share, the rest is written. */
static bool sort_extent(int file, const struct extent *extent, size_t *next, struct share shares[2], uint64_t *written) {
  const uint32_t end = extent->first + extent->count;
  for (uint32_t page = extent->first; page < end;) {
    const struct extent *ready = *next < prepared.extents.count ? &prepared.extents.list[*next] : NULL;
    if (ready != NULL && ready->first + ready->count <= page) {
      (*next)++;
      continue;
    }
    uint32_t count = end - page;
    if (ready != NULL && ready->first <= page) {
      struct share *share = shares[0].pages <= shares[1].pages ? &shares[0] : &shares[1];
      // An extent may be large: neither share shall have all of it.
      if (count > ready->first + ready->count - page) count = ready->first + ready->count - page;
      if (count > WRITE_PAGES) count = WRITE_PAGES;
      if (!extents_add(&share->extents, page, count, KIND_DATA)) return false;
      share->pages += count;
    } else {
      if (ready != NULL && ready->first < end) count = ready->first - page;
      const char *address = part_of(page, &count);
      if (!write_pages(file, address, page, count, written)) return false;
    }
    page += count;
  }
  return true;
}

/* A new file with the data of these extents; -1 and errno where it cannot be made. Lock held. */
int copy_to_file(const struct extents *changes, uint64_t *written) {
  const int file = prepared.file >= 0 ? prepared.file : make_file();
  if (file < 0) return -1;
  struct share shares[2] = {0};
  size_t next = 0;
  bool fine = true;
  for (size_t i = 0; fine && i < changes->count; i++)
    if (changes->list[i].kind == KIND_DATA) fine = sort_extent(file, &changes->list[i], &next, shares, written);
  if (fine) copy_shares(shares);
  const int code = errno;
  for (int i = 0; i < 2; i++) {
    *written += shares[i].pages * PAGE_BYTES;
    extents_drop(&shares[i].extents);
  }
  // The layer's from now on; the view of it is let go of when the guest runs again.
  if (fine) prepared.file = -1;
  if (!fine && prepared.file < 0) close(file);
  errno = code;
  return fine ? file : -1;
}

/* Allocates the data of `prepared.extents`; what could not be had any more is left out. */
static uint64_t allocate_view(void) {
  struct extents *extents = &prepared.extents;
  size_t kept = 0;
  uint64_t bytes = 0;
  for (size_t i = 0; i < extents->count; i++) {
    const struct extent extent = extents->list[i];
    if (extent.kind != KIND_DATA) continue;
    const size_t length = (size_t)extent.count * PAGE_BYTES;
    // Asked for here, so that there is an answer where there is no memory; touching it would end QEMU.
    if (system_advise(prepared.view + (size_t)extent.first * PAGE_BYTES, length, MADV_POPULATE_WRITE) != 0) break;
    extents->list[kept++] = extent;
    bytes += length;
  }
  extents->count = kept;
  return bytes;
}

/* Makes room for what is private now, while the guest runs. */
enum status prepare_freeze(uint64_t *prepared_bytes) {
  *prepared_bytes = 0;
  forget_preparation();
  pthread_mutex_lock(&ram.lock);
  const enum status status = may_freeze();
  const bool collected = status == STATUS_DONE && ram.private_mode && collect_changes(&prepared.extents);
  pthread_mutex_unlock(&ram.lock);
  size_t pages = 0;
  for (size_t i = 0; i < prepared.extents.count; i++) pages += prepared.extents.list[i].kind == KIND_DATA ? prepared.extents.list[i].count : 0;
  if (!collected || pages < PREPARE_FROM_PAGES) {
    forget_preparation();
    return status;
  }
  join_extents(&prepared.extents);
  prepared.file = make_file();
  void *view = prepared.file < 0 ? MAP_FAILED : system_map(NULL, ram_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, prepared.file, 0);
  if (view == MAP_FAILED) {
    forget_preparation();
    return status;
  }
  prepared.view = view;
  *prepared_bytes = allocate_view();
  return status;
}

/* Lets go of the view, and of the file where no layer came of it. */
void forget_preparation(void) {
  if (prepared.view != NULL) system_unmap(prepared.view, ram_bytes());
  if (prepared.file >= 0) close(prepared.file);
  extents_drop(&prepared.extents);
  prepared.view = NULL;
  prepared.file = -1;
}
