/* What the parts of the RAM library share. docs/adr/0007 tells what it is for; the rules:
 *
 * - QEMU believes its RAM to be one shared file. The library knows better: a machine that began
 *   from layers, or was frozen once, maps it privately ("private mode").
 * - `sources` says for each page of a private machine where it lies but for what the guest wrote
 *   since: a layer's number, or zero. It is the composition of the pile.
 * - A layer is never written, and no discard reaches one. A discarded page is zero, whatever lies beneath it.
 * - Failures are answers. Nothing here ends QEMU or leaves a hole in its memory.
 *
 * Only system calls touch memory and files: the wrappers of libc are what is interposed. */
#ifndef MAYFLY_RAM_H
#define MAYFLY_RAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE_BYTES 4096u
#define ID_BYTES 12
#define MAX_LAYERS 256
#define MAX_PIECES 16
#define MAX_EXTENTS 8192

/* In `sources`: no layer, but zeroes. The second kind was discarded since the last freeze. */
#define SOURCE_ZERO 0xfffe
#define SOURCE_DISCARDED 0xffff

enum kind { KIND_DATA = 1, KIND_ZERO = 2 };

/* Pages of RAM, as they stand in plans, indices and answers. */
struct extent {
  uint32_t first, count, kind;
};

struct extents {
  struct extent *list;
  size_t count, room;
};

struct layer {
  char id[ID_BYTES];
  int descriptor;
  /* Never the same for two layers of one process, also where several became one of the same id. */
  uint32_t serial;
  struct extents extents;
};

/* A part of the RAM file that QEMU has mapped. */
struct piece {
  char *address;
  uint32_t first, count;
  int protection;
};

/* What the library answers; contract with engine/qemu/process/ram-library.ts. */
enum status {
  STATUS_DONE = 0,
  STATUS_BAD_REQUEST = 1,
  /* QEMU has not mapped its RAM yet. */
  STATUS_NOT_MAPPED = 2,
  /* Something else was mapped over a part of the RAM, or it is mapped twice. */
  STATUS_DISTURBED = 3,
  STATUS_TOO_MANY_LAYERS = 4,
  STATUS_KNOWN_LAYER = 5,
  STATUS_UNKNOWN_LAYER = 6,
  /* The answer's `error` is an errno. */
  STATUS_SYSTEM_ERROR = 7,
};

struct ram {
  /* Set once by the constructor, before any other thread: whether this process is a machine of ours. */
  bool active;
  dev_t device;
  ino_t inode;
  int descriptor;
  uint32_t pages;

  /* All below is guarded by the lock. */
  pthread_mutex_t lock;
  /* The plan could not be read: the machine must not begin with other memory than it had. */
  bool broken;
  bool disturbed;
  bool private_mode;
  bool hidden_from_dumps;
  struct layer layers[MAX_LAYERS];
  unsigned layer_count;
  struct piece pieces[MAX_PIECES];
  unsigned piece_count;
  uint16_t *sources;
  uint32_t discarded_pages;
  /* Pages that are private copies of what `sources` says, because the system refused one more mapping: what
   * would show through beneath them is something else. */
  bool *copied;
  uint32_t copied_pages;
  /* Places where `sources` changes from one page to the next: each is a border of two mappings. */
  uint32_t borders, most_borders;
  /* Borders that are mapped and that `sources` does not know of any more. */
  uint32_t stale_borders;
  uint32_t last_serial;
};

extern struct ram ram;

/* system.c: the kernel's own calls, and small lists. */
void *system_map(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset);
int system_unmap(void *address, size_t bytes);
int system_advise(void *address, size_t bytes, int advice);
int system_allocate(int descriptor, int mode, off_t offset, off_t bytes);
bool read_fully(int descriptor, void *buffer, size_t bytes, off_t offset);
bool extents_add(struct extents *extents, uint32_t first, uint32_t count, uint32_t kind);
void extents_drop(struct extents *extents);
void complain(const char *what);

/* sources.c: the composition of the pile. */
bool sources_begin(void);
void sources_lay(const struct extents *extents, unsigned layer);
void sources_set(uint32_t first, uint32_t count, uint16_t source);
/* All layers from number 1 on are that one now. */
void sources_merge(void);
uint32_t source_run(uint32_t first, uint32_t end);
void copied_set(uint32_t first, uint32_t count, bool are_copied);

/* map.c: what QEMU sees as its RAM. */
bool is_ram(int descriptor);
void *map_ram(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset);
int unmap_any(char *address, size_t bytes);
/* Maps all of a private machine's memory anew, as `sources` says; what the guest wrote must lie in a layer.
 * False where a part could not be. */
bool map_anew(void);
void *map_over(char *address, size_t bytes, int protection, int flags, int descriptor, off_t offset);

/* discard.c: memory that the guest gives back. */
void discard_pages(uint32_t first, uint32_t count);
bool discard_addresses(char *address, size_t bytes);

/* scan.c: which pages the guest wrote since. */
bool collect_changes(struct extents *into);

/* plan.c: the layers a machine begins from. The descriptors it names are this process's own where `holder` is 0,
 * else those of that process, and are opened. */
bool read_plan(int descriptor, pid_t holder);
/* For a machine that waits for its state: what it has mapped as a fresh file becomes the pile of a plan that
 * `holder` has open by that number. Where this fails the machine must not begin. */
enum status lay_plan(pid_t holder, int number);

/* freeze.c */
struct frozen {
  unsigned layer;
  bool was_private;
  uint64_t written_bytes;
  uint32_t copy_microseconds, microseconds;
};
enum status freeze(const char id[ID_BYTES], struct frozen *frozen);
enum status may_freeze(void);
void join_extents(struct extents *changes);
char *part_of(uint32_t first, uint32_t *count);
/* What a freeze leaves to be done while the guest runs again. */
void finish_freeze(void);

/* merge.c: a pile that has grown high. */
void merge_layers(void);

/* copy.c */
int make_file(void);
bool write_pages(int file, const char *address, uint32_t first, uint32_t count, uint64_t *written);
void seal(int file);
int copy_to_file(const struct extents *changes, uint64_t *written);
enum status prepare_freeze(uint64_t *prepared_bytes);
void forget_preparation(void);

/* control.c */
bool start_control(const char *path);

#endif
