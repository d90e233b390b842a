/* The layers a machine begins from, as the engine wrote them down: for each, lowest first, its
 * id, the descriptor it is inherited by or that the engine has it open by, and its index. Contract with
 * engine/qemu/process/ram-library.ts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ram.h"

enum { PLAN_VERSION = 1, MOST_EXTENTS_READ = 1 << 20 };

struct plan_header {
  char magic[8];
  uint32_t version, layer_count;
  uint64_t ram_bytes, reserved;
};

struct plan_layer {
  char id[ID_BYTES];
  int32_t descriptor;
  uint32_t extent_count, reserved;
};

/* In order, within the RAM, of a known kind. */
static bool are_sound(const struct extents *extents) {
  uint64_t end = 0;
  for (size_t i = 0; i < extents->count; i++) {
    const struct extent *extent = &extents->list[i];
    if (extent->count == 0 || extent->first < end || (extent->kind != KIND_DATA && extent->kind != KIND_ZERO)) return false;
    end = (uint64_t)extent->first + extent->count;
  }
  return end <= ram.pages;
}

/* A layer that is shorter than the RAM would end QEMU with a signal, long afterwards. */
static bool is_whole_file(int descriptor) {
  struct stat status;
  return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= (off_t)ram.pages * PAGE_BYTES;
}

/* What another process of this user has open, for reading. */
static int open_of(pid_t holder, int number) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)holder, number);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static bool read_layer(int descriptor, pid_t holder, off_t *offset, struct layer *layer) {
  struct plan_layer head;
  if (!read_fully(descriptor, &head, sizeof head, *offset)) return false;
  if (holder != 0) head.descriptor = open_of(holder, head.descriptor);
  if (head.descriptor < 0) return false;
  errno = EINVAL;
  if (head.extent_count > MOST_EXTENTS_READ || !is_whole_file(head.descriptor)) return false;
  struct extent *list = malloc((head.extent_count + 1) * sizeof *list);
  if (list == NULL) return false;
  memcpy(layer->id, head.id, ID_BYTES);
  layer->descriptor = head.descriptor;
  layer->extents = (struct extents){list, head.extent_count, head.extent_count};
  if (!read_fully(descriptor, list, head.extent_count * sizeof *list, *offset + (off_t)sizeof head)) return false;
  *offset += (off_t)(sizeof head + head.extent_count * sizeof *list);
  errno = EINVAL;
  return are_sound(&layer->extents);
}

/* Fills the pile. Where this fails the machine must not begin. */
bool read_plan(int descriptor, pid_t holder) {
  struct plan_header header;
  if (!read_fully(descriptor, &header, sizeof header, 0)) return false;
  errno = EINVAL;
  if (memcmp(header.magic, "MFRAMPLN", sizeof header.magic) != 0 || header.version != PLAN_VERSION) return false;
  if (header.ram_bytes != (uint64_t)ram.pages * PAGE_BYTES || header.layer_count > MAX_LAYERS) return false;
  off_t offset = sizeof header;
  for (uint32_t i = 0; i < header.layer_count; i++) {
    if (!read_layer(descriptor, holder, &offset, &ram.layers[i])) return false;
    fcntl(ram.layers[i].descriptor, F_SETFD, FD_CLOEXEC);
    ram.layers[i].serial = ++ram.last_serial;
    ram.layer_count++;
  }
  if (header.layer_count == 0) return true;
  if (!sources_begin()) return false;
  for (unsigned i = 0; i < ram.layer_count; i++) sources_lay(&ram.layers[i].extents, i);
  ram.private_mode = true;
  return true;
}

enum status lay_plan(pid_t holder, int number) {
  pthread_mutex_lock(&ram.lock);
  enum status status = may_freeze();
  if (status == STATUS_DONE && ram.private_mode) status = STATUS_KNOWN_LAYER;
  if (status == STATUS_DONE) {
    const int plan = open_of(holder, number);
    if (plan < 0 || !read_plan(plan, holder) || !map_anew()) {
      const int code = errno;
      ram.broken = true;
      status = STATUS_SYSTEM_ERROR;
      errno = code;
    }
    for (unsigned i = 0; ram.hidden_from_dumps && i < ram.piece_count; i++) system_advise(ram.pieces[i].address, (size_t)ram.pieces[i].count * PAGE_BYTES, MADV_DONTDUMP);
    const int code = errno;
    if (plan >= 0) close(plan);
    errno = code;
  }
  pthread_mutex_unlock(&ram.lock);
  return status;
}
