/* A machine that is frozen again and again, for forks or checkpoints, would come to have more layers than
 * can be handed over. From time to time all but the lowest become one. That one has the id of the
 * uppermost: on top of what is beneath it says the same as that one did. Layers never change, so the
 * guest runs meanwhile; what is mapped stays mapped, and keeps the old files' memory until it is mapped anew. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "ram.h"

enum { MERGE_FROM_LAYERS = 32, COPY_PAGES = 256 };

/* What all layers but the lowest say together, by page: a layer's number, SOURCE_ZERO, or 0 for nothing. */
static uint16_t *compose_upper(void) {
  uint16_t *table = system_map(NULL, (size_t)ram.pages * sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (table == MAP_FAILED) return NULL;
  for (unsigned i = 1; i < ram.layer_count; i++) {
    for (size_t j = 0; j < ram.layers[i].extents.count; j++) {
      const struct extent *extent = &ram.layers[i].extents.list[j];
      for (uint32_t page = extent->first; page < extent->first + extent->count; page++) table[page] = extent->kind == KIND_DATA ? (uint16_t)i : SOURCE_ZERO;
    }
  }
  return table;
}

static bool list_extents(const uint16_t *table, struct extents *extents) {
  for (uint32_t page = 0; page < ram.pages; page++)
    if (table[page] != 0 && !extents_add(extents, page, 1, table[page] == SOURCE_ZERO ? KIND_ZERO : KIND_DATA)) return false;
  join_extents(extents);
  return true;
}

static bool copy_extent(int file, const uint16_t *table, const struct extent *extent, char *buffer) {
  uint64_t written = 0;
  const uint32_t end = extent->first + extent->count;
  for (uint32_t page = extent->first, run; page < end; page += run) {
    for (run = 1; page + run < end && run < COPY_PAGES && table[page + run] == table[page]; run++) continue;
    // A hole of the file is zero.
    if (table[page] == SOURCE_ZERO) continue;
    if (!read_fully(ram.layers[table[page]].descriptor, buffer, (size_t)run * PAGE_BYTES, (off_t)page * PAGE_BYTES)) return false;
    if (!write_pages(file, buffer, page, run, &written)) return false;
  }
  return true;
}

/* Only the control thread changes the pile, so it can be read without the lock. */
static bool make_merged(struct layer *merged) {
  uint16_t *table = compose_upper();
  char *buffer = malloc((size_t)COPY_PAGES * PAGE_BYTES);
  merged->descriptor = make_file();
  bool fine = table != NULL && buffer != NULL && merged->descriptor >= 0 && list_extents(table, &merged->extents);
  for (size_t i = 0; fine && i < merged->extents.count; i++)
    if (merged->extents.list[i].kind == KIND_DATA) fine = copy_extent(merged->descriptor, table, &merged->extents.list[i], buffer);
  if (table != NULL) system_unmap(table, (size_t)ram.pages * sizeof *table);
  free(buffer);
  return fine;
}

/* Where this fails the pile stays as high as it is, and the next time tries again. */
void merge_layers(void) {
  if (!ram.private_mode || ram.layer_count <= MERGE_FROM_LAYERS) return;
  struct layer merged = {.descriptor = -1, .serial = ++ram.last_serial};
  memcpy(merged.id, ram.layers[ram.layer_count - 1].id, ID_BYTES);
  if (!make_merged(&merged)) {
    if (merged.descriptor >= 0) close(merged.descriptor);
    extents_drop(&merged.extents);
    return;
  }
  seal(merged.descriptor);
  pthread_mutex_lock(&ram.lock);
  sources_merge();
  for (unsigned i = 1; i < ram.layer_count; i++) {
    close(ram.layers[i].descriptor);
    extents_drop(&ram.layers[i].extents);
  }
  ram.layers[1] = merged;
  ram.layer_count = 2;
  pthread_mutex_unlock(&ram.lock);
}
