/* Freezing: what the stopped guest wrote becomes a layer. The first time it is the shared file
 * itself and nothing is copied; later, the pages that are private are. The caller has stopped the guest. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include "ram.h"

/* Since Linux 5.7; older headers lack it. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

/* Fewer pages than this between two written ones are copied with them: a mapping costs about as much. */
enum { FIRST_GAP = 4, SHORT_ZERO_RUN = 64 };
/* From here on letting go of pages takes longer than moving them aside. */
enum { SET_ASIDE_PAGES = 256, MAX_SHADOWS = 512 };
/* More mappings than these that say nothing new, and files that live by them, are worth a pause that is some milliseconds longer. */
enum { MOST_STALE_BORDERS = 4096 };
#define TWO_MIB (2ul << 20)

/* Where mappings were moved to, to be undone outside of the pause. */
static struct {
  char *address;
  size_t bytes;
} shadows[MAX_SHADOWS];
static unsigned shadow_count;
static bool hide_pending;
/* The new layer's descriptor while it can still be written; -1 for none. */
static int unsealed = -1;

static uint64_t microseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Moves a mapping's page tables aside, so that mapping anew over it has nothing to let go of:
 * that takes 40 ms a GiB, and can be done while the guest runs again. Where the kernel cannot
 * (before 5.13, or where several mappings lie there), nothing is lost but time. */
static bool set_aside(char *address, uint32_t count) {
  const size_t bytes = (size_t)count * PAGE_BYTES, reserved = bytes + TWO_MIB;
  if (shadow_count == MAX_SHADOWS) return false;
  char *room = system_map(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return false;
  // Whole tables are moved where both places are alike in their lowest bits.
  char *target = room + ((uintptr_t)address - (uintptr_t)room) % TWO_MIB;
  if (mremap(address, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, target) == MAP_FAILED) {
    system_unmap(room, reserved);
    return false;
  }
  shadows[shadow_count].address = room;
  shadows[shadow_count++].bytes = reserved;
  return true;
}

static bool map_own_file(const struct piece *piece, int sharing) {
  return system_map(piece->address, (size_t)piece->count * PAGE_BYTES, piece->protection, sharing | MAP_FIXED | MAP_NORESERVE, ram.descriptor, (off_t)piece->first * PAGE_BYTES) != MAP_FAILED;
}

/* The machine's own shared file becomes the lowest layer. */
static enum status freeze_shared(struct layer *layer) {
  if (!sources_begin() || !extents_add(&layer->extents, 0, ram.pages, KIND_DATA)) return STATUS_SYSTEM_ERROR;
  for (unsigned i = 0; i < ram.piece_count; i++) {
    set_aside(ram.pieces[i].address, ram.pieces[i].count);
    if (map_own_file(&ram.pieces[i], MAP_PRIVATE)) continue;
    const int code = errno;
    // The one that failed as well: the kernel may have let go of what lay there.
    for (unsigned j = 0; j <= i; j++) map_own_file(&ram.pieces[j], MAP_SHARED);
    hide_pending = true;
    errno = code;
    return STATUS_SYSTEM_ERROR;
  }
  layer->descriptor = ram.descriptor;
  ram.private_mode = true;
  unsealed = ram.descriptor;
  return STATUS_DONE;
}

/* The part of an extent that lies in one piece. */
char *part_of(uint32_t first, uint32_t *count) {
  for (unsigned i = 0; i < ram.piece_count; i++) {
    const struct piece *piece = &ram.pieces[i];
    if (first < piece->first || first - piece->first >= piece->count) continue;
    const uint32_t left = piece->first + piece->count - first;
    if (*count > left) *count = left;
    return piece->address + (size_t)(first - piece->first) * PAGE_BYTES;
  }
  return NULL;
}

/* Joins what lies close together, closer and closer until few enough are left. */
void join_extents(struct extents *changes) {
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
    const bool may_map = ram.borders + ram.stale_borders + 2 <= ram.most_borders;
    sources_set(extent->first, extent->count, (uint16_t)number);
    copied_set(extent->first, extent->count, !may_map);
    for (uint32_t done = 0, count; may_map && done < extent->count; done += count) {
      count = extent->count - done;
      char *address = part_of(extent->first + done, &count);
      const off_t offset = (off_t)(extent->first + done) * PAGE_BYTES;
      const bool is_aside = count >= SET_ASIDE_PAGES && set_aside(address, count);
      const bool is_mapped = system_map(address, (size_t)count * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, layer->descriptor, offset) != MAP_FAILED;
      if (!is_mapped) copied_set(extent->first + done, count, true);
      if (!is_mapped && is_aside && !read_fully(layer->descriptor, address, (size_t)count * PAGE_BYTES, offset)) complain("pages that were moved aside cannot be read back");
    }
  }
}

static enum status freeze_private(struct layer *layer, unsigned number, struct frozen *frozen) {
  const uint64_t begin = microseconds_now();
  if (!collect_changes(&layer->extents)) return STATUS_SYSTEM_ERROR;
  join_extents(&layer->extents);
  layer->descriptor = copy_to_file(&layer->extents, &frozen->written_bytes);
  if (layer->descriptor < 0) return STATUS_SYSTEM_ERROR;
  frozen->copy_microseconds = (uint32_t)(microseconds_now() - begin);
  map_layer(layer, number);
  ram.layers[number] = *layer;
  // Everything the guest wrote lies in layers now, so this is the moment to tidy up.
  if (ram.stale_borders > MOST_STALE_BORDERS) map_anew();
  unsealed = layer->descriptor;
  return STATUS_DONE;
}

enum status may_freeze(void) {
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
    struct layer layer = {.descriptor = -1, .serial = ++ram.last_serial};
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

void finish_freeze(void) {
  for (; shadow_count > 0; shadow_count--) system_unmap(shadows[shadow_count - 1].address, shadows[shadow_count - 1].bytes);
  forget_preparation();
  if (unsealed >= 0) seal(unsealed);
  unsealed = -1;
  if (!hide_pending) return;
  pthread_mutex_lock(&ram.lock);
  for (unsigned i = 0; i < ram.piece_count; i++) system_advise(ram.pieces[i].address, (size_t)ram.pieces[i].count * PAGE_BYTES, MADV_DONTDUMP);
  pthread_mutex_unlock(&ram.lock);
  hide_pending = false;
}
