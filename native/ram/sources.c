/* Where each page of a private machine lies. The lowest layer is number 0, so a table of fresh
 * zeroes means "all in the lowest", and takes no memory where that stays so. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include "ram.h"

static void *fresh_table(size_t bytes_a_page) {
  void *table = system_map(NULL, (size_t)ram.pages * bytes_a_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return table == MAP_FAILED ? NULL : table;
}

bool sources_begin(void) {
  if (ram.sources == NULL) ram.sources = fresh_table(sizeof *ram.sources);
  if (ram.copied == NULL) ram.copied = fresh_table(sizeof *ram.copied);
  return ram.sources != NULL && ram.copied != NULL;
}

static bool is_zero_source(uint16_t source) {
  return source == SOURCE_ZERO || source == SOURCE_DISCARDED;
}

static bool in_one_mapping(uint16_t a, uint16_t b) {
  return a == b || (is_zero_source(a) && is_zero_source(b));
}

/* Borders within [first, end], those at both ends included. */
static uint32_t borders_at(uint32_t first, uint32_t end) {
  uint32_t borders = 0;
  for (uint32_t page = first == 0 ? 1 : first; page <= end && page < ram.pages; page++)
    borders += !in_one_mapping(ram.sources[page], ram.sources[page - 1]);
  return borders;
}

void sources_set(uint32_t first, uint32_t count, uint16_t source) {
  const uint32_t end = first + count;
  ram.borders -= borders_at(first, end);
  for (uint32_t page = first; page < end; page++) {
    ram.discarded_pages -= ram.sources[page] == SOURCE_DISCARDED;
    ram.sources[page] = source;
  }
  if (source == SOURCE_DISCARDED) ram.discarded_pages += count;
  ram.borders += borders_at(first, end);
}

/* Lays a layer on top of the pile. */
void sources_lay(const struct extents *extents, unsigned layer) {
  for (size_t i = 0; i < extents->count; i++) {
    const struct extent *extent = &extents->list[i];
    if (layer == 0 && extent->kind == KIND_DATA) continue;
    sources_set(extent->first, extent->count, extent->kind == KIND_DATA ? (uint16_t)layer : SOURCE_ZERO);
  }
}

void sources_merge(void) {
  const uint32_t before = ram.borders;
  for (uint32_t page = 0; page < ram.pages; page++)
    if (ram.sources[page] > 1 && ram.sources[page] < SOURCE_ZERO) ram.sources[page] = 1;
  ram.borders = borders_at(0, ram.pages);
  ram.stale_borders += before - ram.borders;
}

/* How many pages from `first` on, before `end`, are of one source, and all copied or none. */
uint32_t source_run(uint32_t first, uint32_t end) {
  const uint16_t source = ram.sources[first];
  const bool is_copied = ram.copied_pages > 0 && ram.copied[first];
  uint32_t page = first + 1;
  while (page < end && in_one_mapping(ram.sources[page], source) && (ram.copied_pages == 0 || ram.copied[page] == is_copied)) page++;
  return page - first;
}

void copied_set(uint32_t first, uint32_t count, bool are_copied) {
  // Mostly there are none, and the table takes no memory.
  if (!are_copied && ram.copied_pages == 0) return;
  for (uint32_t page = first; page < first + count; page++) {
    ram.copied_pages += are_copied - ram.copied[page];
    ram.copied[page] = are_copied;
  }
}
