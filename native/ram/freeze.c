/* Freezing: what the stopped guest wrote becomes a layer. The first time it is the shared file
 * itself and nothing is copied; later, the pages that are private are. The caller has stopped the guest. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "ram.h"

/* Fewer pages than this between two written ones are copied with them: a mapping costs about as much. */
enum { FIRST_GAP = 4, SHORT_ZERO_RUN = 64, WRITE_PAGES = 256 };
/* Less than this is copied in the pause anyway, in a few milliseconds. */
enum { PREPARE_FROM_PAGES = 2048 };
#define TWO_MIB (2ul << 20)

static const char zero_page[PAGE_BYTES];

/* Where a shared machine's mappings were moved to, to be undone outside of the pause. */
static struct {
  char *address;
  size_t bytes;
} shadows[MAX_PIECES];
static unsigned shadow_count;
static bool seal_pending, hide_pending;
/* A file that already has most of what the next layer will hold; -1 for none. */
static int prepared = -1;

static uint64_t microseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Moves a mapping's page tables aside, so that mapping anew over it has nothing to let go of:
 * that takes 40 ms a GiB, and can be done while the guest runs again. Where the kernel cannot
 * (before 5.13), nothing is lost but time. */
static void set_aside(const struct piece *piece) {
  const size_t bytes = (size_t)piece->count * PAGE_BYTES, reserved = bytes + TWO_MIB;
  char *room = system_map(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return;
  // Whole tables are moved where both places are alike in their lowest bits.
  char *target = room + ((uintptr_t)piece->address - (uintptr_t)room) % TWO_MIB;
  if (mremap(piece->address, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, target) == MAP_FAILED) {
    system_unmap(room, reserved);
    return;
  }
  shadows[shadow_count].address = room;
  shadows[shadow_count++].bytes = reserved;
}

static bool map_own_file(const struct piece *piece, int sharing) {
  return system_map(piece->address, (size_t)piece->count * PAGE_BYTES, piece->protection, sharing | MAP_FIXED | MAP_NORESERVE, ram.descriptor, (off_t)piece->first * PAGE_BYTES) != MAP_FAILED;
}

/* The machine's own shared file becomes the lowest layer. */
static enum status freeze_shared(struct layer *layer) {
  if (!sources_begin() || !extents_add(&layer->extents, 0, ram.pages, KIND_DATA)) return STATUS_SYSTEM_ERROR;
  for (unsigned i = 0; i < ram.piece_count; i++) {
    set_aside(&ram.pieces[i]);
    if (map_own_file(&ram.pieces[i], MAP_PRIVATE)) continue;
    const int code = errno;
    while (i-- > 0) map_own_file(&ram.pieces[i], MAP_SHARED);
    hide_pending = true;
    errno = code;
    return STATUS_SYSTEM_ERROR;
  }
  layer->descriptor = ram.descriptor;
  ram.private_mode = true;
  seal_pending = true;
  return STATUS_DONE;
}

/* Writes pages that are not zero; a hole is as good. A file that was prepared may hold what is zero by now. */
static bool write_pages(int file, const char *address, uint32_t first, uint32_t count, bool zeroes_too, uint64_t *written) {
  for (uint32_t page = 0; page < count;) {
    uint32_t run = 0;
    while (page + run < count && run < WRITE_PAGES && (zeroes_too || memcmp(address + (size_t)(page + run) * PAGE_BYTES, zero_page, PAGE_BYTES) != 0)) run++;
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

/* The part of an extent that lies in one piece. */
static char *part_of(uint32_t first, uint32_t *count) {
  for (unsigned i = 0; i < ram.piece_count; i++) {
    const struct piece *piece = &ram.pieces[i];
    if (first < piece->first || first - piece->first >= piece->count) continue;
    const uint32_t left = piece->first + piece->count - first;
    if (*count > left) *count = left;
    return piece->address + (size_t)(first - piece->first) * PAGE_BYTES;
  }
  return NULL;
}

static bool copy_changes(int file, const struct extents *changes, bool zeroes_too, uint64_t *written) {
  for (size_t i = 0; i < changes->count; i++) {
    const struct extent *extent = &changes->list[i];
    if (extent->kind != KIND_DATA) continue;
    for (uint32_t done = 0, count; done < extent->count; done += count) {
      count = extent->count - done;
      const char *address = part_of(extent->first + done, &count);
      if (!write_pages(file, address, extent->first + done, count, zeroes_too, written)) return false;
    }
  }
  return true;
}

/* Joins what lies close together, closer and closer until few enough are left. */
static void join(struct extents *changes) {
  uint32_t gap = FIRST_GAP;
  do {
    size_t kept = 0;
    for (size_t i = 0; i < changes->count; i++) {
      struct extent next = changes->list[i];
      if (next.kind == KIND_ZERO && next.count <= (gap > SHORT_ZERO_RUN ? gap : SHORT_ZERO_RUN)) next.kind = KIND_DATA;
      struct extent *last = kept > 0 ? &changes->list[kept - 1] : NULL;
      if (last != NULL && last->kind == KIND_DATA && next.kind == KIND_DATA && next.first - (last->first + last->count) <= gap)
        last->count = next.first + next.count - last->first;
      else
        changes->list[kept++] = next;
    }
    changes->count = kept;
    gap *= 2;
  } while (changes->count > MAX_EXTENTS);
}

/* Maps the new layer where its pages are private now. Where the system refuses, they stay private:
 * their content is the same, and the next layer will have them once more. */
static void map_layer(const struct layer *layer, unsigned number) {
  for (size_t i = 0; i < layer->extents.count; i++) {
    const struct extent *extent = &layer->extents.list[i];
    if (extent->kind == KIND_ZERO) {
      sources_set(extent->first, extent->count, SOURCE_ZERO);
      continue;
    }
    const bool may_map = ram.borders + 2 <= ram.most_borders;
    sources_set(extent->first, extent->count, (uint16_t)number);
    for (uint32_t done = 0, count; may_map && done < extent->count; done += count) {
      count = extent->count - done;
      char *address = part_of(extent->first + done, &count);
      system_map(address, (size_t)count * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, layer->descriptor, (off_t)(extent->first + done) * PAGE_BYTES);
    }
  }
}

static int make_file(void) {
  const int file = memfd_create("mayfly-ram-layer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  if (ftruncate(file, (off_t)ram.pages * PAGE_BYTES) == 0) return file;
  const int code = errno;
  close(file);
  errno = code;
  return -1;
}

static enum status freeze_private(struct layer *layer, unsigned number, struct frozen *frozen) {
  const uint64_t begin = microseconds_now();
  const bool was_prepared = prepared >= 0;
  const int file = was_prepared ? prepared : make_file();
  if (file < 0) return STATUS_SYSTEM_ERROR;
  prepared = -1;
  bool fine = collect_changes(&layer->extents);
  if (fine) {
    join(&layer->extents);
    fine = copy_changes(file, &layer->extents, was_prepared, &frozen->written_bytes);
  }
  if (!fine) {
    const int code = errno;
    close(file);
    errno = code;
    return STATUS_SYSTEM_ERROR;
  }
  layer->descriptor = file;
  frozen->copy_microseconds = (uint32_t)(microseconds_now() - begin);
  map_layer(layer, number);
  fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return STATUS_DONE;
}

static enum status may_freeze(void) {
  uint32_t mapped = 0;
  for (unsigned i = 0; i < ram.piece_count; i++) mapped += ram.pieces[i].count;
  if (ram.broken || ram.disturbed) return STATUS_DISTURBED;
  return mapped == ram.pages ? STATUS_DONE : STATUS_NOT_MAPPED;
}

/* On any failure the guest's memory is what it was, and the pile as well. */
enum status freeze(const char id[ID_BYTES], struct frozen *frozen) {
  const uint64_t begin = microseconds_now();
  *frozen = (struct frozen){0};
  pthread_mutex_lock(&ram.lock);
  enum status status = may_freeze();
  if (status == STATUS_DONE && ram.layer_count == MAX_LAYERS) status = STATUS_TOO_MANY_LAYERS;
  for (unsigned i = 0; status == STATUS_DONE && i < ram.layer_count; i++)
    if (memcmp(ram.layers[i].id, id, ID_BYTES) == 0) status = STATUS_KNOWN_LAYER;
  if (status == STATUS_DONE) {
    struct layer layer = {.descriptor = -1};
    memcpy(layer.id, id, ID_BYTES);
    frozen->was_private = ram.private_mode;
    frozen->layer = ram.layer_count;
    status = ram.private_mode ? freeze_private(&layer, ram.layer_count, frozen) : freeze_shared(&layer);
    if (status == STATUS_DONE) {
      ram.layers[ram.layer_count++] = layer;
      hide_pending = ram.hidden_from_dumps;
    } else {
      const int code = errno;
      extents_drop(&layer.extents);
      errno = code;
    }
  }
  frozen->microseconds = (uint32_t)(microseconds_now() - begin);
  pthread_mutex_unlock(&ram.lock);
  return status;
}

/* Copies what is private now, while the guest runs, so that the freeze finds its pages allocated:
 * writing them once more takes a tenth of the time. */
enum status prepare_freeze(uint64_t *prepared_bytes) {
  *prepared_bytes = 0;
  pthread_mutex_lock(&ram.lock);
  const enum status status = may_freeze();
  struct extents changes = {0};
  const bool collected = status == STATUS_DONE && ram.private_mode && prepared < 0 && collect_changes(&changes);
  pthread_mutex_unlock(&ram.lock);
  size_t pages = 0;
  for (size_t i = 0; i < changes.count; i++) pages += changes.list[i].kind == KIND_DATA ? changes.list[i].count : 0;
  if (collected && pages >= PREPARE_FROM_PAGES) {
    const int file = make_file();
    // The pieces are only ever changed by QEMU's main thread, and only at its start and end.
    if (file >= 0 && copy_changes(file, &changes, false, prepared_bytes))
      prepared = file;
    else if (file >= 0)
      close(file);
  }
  extents_drop(&changes);
  return status;
}

void forget_preparation(void) {
  if (prepared >= 0) close(prepared);
  prepared = -1;
}

void finish_freeze(void) {
  for (; shadow_count > 0; shadow_count--) system_unmap(shadows[shadow_count - 1].address, shadows[shadow_count - 1].bytes);
  if (seal_pending) {
    // A page that is in use elsewhere makes the kernel refuse F_SEAL_WRITE; nothing here writes either way.
    const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW;
    if (fcntl(ram.descriptor, F_ADD_SEALS, all | F_SEAL_WRITE) != 0) fcntl(ram.descriptor, F_ADD_SEALS, all);
    seal_pending = false;
  }
  if (!hide_pending) return;
  pthread_mutex_lock(&ram.lock);
  for (unsigned i = 0; i < ram.piece_count; i++) system_advise(ram.pieces[i].address, (size_t)ram.pieces[i].count * PAGE_BYTES, MADV_DONTDUMP);
  pthread_mutex_unlock(&ram.lock);
  hide_pending = false;
}
