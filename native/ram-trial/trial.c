/* For tests of native/ram: a process that treats its RAM as QEMU does, and is told on stdin what to
 * do with it. Pages hold one number each, repeated, so that few words say what a memory holds.
 *
 *   map | write FIRST COUNT STEP VALUE | discard FIRST COUNT | advise FIRST COUNT | read | unmap | cover FIRST COUNT | mappings | descriptors MOST
 *
 * Each command is answered with one line. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, WORDS = PAGE_BYTES / sizeof(uint64_t) };

static int file = -1;
static uint64_t *memory;
static size_t pages;

/* As qemu_ram_mmap(): a reservation, and the file at a fixed place within it. */
static int map(void) {
  struct stat status;
  file = open("/proc/self/fd/3", O_RDWR | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) return -1;
  pages = (size_t)status.st_size / PAGE_BYTES;
  const size_t bytes = pages * PAGE_BYTES, alignment = 2 << 20;
  char *room = mmap(NULL, bytes + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return -1;
  const size_t before = (alignment - (uintptr_t)room % alignment) % alignment;
  memory = mmap(room + before, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
  if ((void *)memory == MAP_FAILED) return -1;
  if (before > 0) munmap(room, before);
  munmap((char *)memory + bytes + PAGE_BYTES, alignment - before - PAGE_BYTES);
  return madvise(memory, bytes, MADV_DONTDUMP);
}

static void write_pages(size_t first, size_t count, size_t step, uint64_t value) {
  for (size_t page = first; page < first + count && page < pages; page += step)
    for (size_t word = 0; word < WORDS; word++) memory[page * WORDS + word] = value;
}

/* Runs of pages with the same number: COUNTxVALUE, or a question mark where a page holds several. */
static void read_pages(void) {
  size_t run = 0;
  uint64_t value = 0;
  for (size_t page = 0; page <= pages; page++) {
    const uint64_t *words = memory + page * WORDS;
    if (page < pages && memcmp(words, words + 1, PAGE_BYTES - sizeof *words) != 0) {
      printf("? in page %zu", page);
      break;
    }
    if (page < pages && run > 0 && words[0] == value) {
      run++;
      continue;
    }
    if (run > 0) printf("%zux%llu ", run, (unsigned long long)value);
    if (page < pages) value = words[0];
    run = 1;
  }
  printf("\n");
}

static void count_mappings(void) {
  int mappings = 0;
  FILE *maps = fopen("/proc/self/maps", "r");
  for (int c; maps != NULL && (c = fgetc(maps)) != EOF;) mappings += c == '\n';
  if (maps != NULL) fclose(maps);
  printf("%d\n", mappings);
}

/* Opens nothing beyond so many; 0: as many as it may. */
static int limit_descriptors(rlim_t most) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
  limit.rlim_cur = most == 0 ? limit.rlim_max : most;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

static void answer(int outcome) {
  if (outcome == 0)
    printf("done\n");
  else
    printf("failed: %s\n", strerror(errno));
}

int main(void) {
  char line[128], word[16];
  while (fgets(line, sizeof line, stdin) != NULL) {
    unsigned long first = 0, count = 0, step = 1, value = 0;
    if (sscanf(line, "%15s %lu %lu %lu %lu", word, &first, &count, &step, &value) < 1) continue;
    char *address = (char *)memory + first * PAGE_BYTES;
    const size_t bytes = count * PAGE_BYTES;
    if (strcmp(word, "map") == 0) {
      answer(map());
    } else if (strcmp(word, "write") == 0) {
      write_pages(first, count, step, value);
      answer(0);
    } else if (strcmp(word, "discard") == 0) {
      // As ram_block_discard_range().
      answer(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)first * PAGE_BYTES, (off_t)bytes) != 0 ? -1 : madvise(address, bytes, MADV_DONTNEED));
    } else if (strcmp(word, "advise") == 0) {
      answer(madvise(address, bytes, MADV_DONTNEED));
    } else if (strcmp(word, "read") == 0) {
      read_pages();
    } else if (strcmp(word, "unmap") == 0) {
      answer(munmap(memory, pages * PAGE_BYTES));
    } else if (strcmp(word, "cover") == 0) {
      answer(mmap(address, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
    } else if (strcmp(word, "mappings") == 0) {
      count_mappings();
    } else if (strcmp(word, "descriptors") == 0) {
      answer(limit_descriptors(first));
    } else {
      printf("unknown\n");
    }
    fflush(stdout);
  }
  return 0;
}
