/* Copies pages of guest memory from one set of files to another, in a thread of Node's pool:
 * what equals the layer beneath is left out, and zeroes are noted instead of written. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "addon.h"

enum { PAGE_BYTES = 4096, CHUNK_PAGES = 256, CHUNK_BYTES = CHUNK_PAGES * PAGE_BYTES };
enum { KIND_DATA = 1, KIND_ZERO = 2 };
/* In place of a file's index. */
#define ZEROES UINT32_MAX
#define NOTHING (UINT32_MAX - 1)

struct range {
  uint32_t first, count, source, beneath;
};

struct extent {
  uint32_t first, count, kind;
};

struct job {
  napi_async_work work;
  napi_deferred deferred;
  int target;
  int32_t *files;
  size_t file_count;
  struct range *ranges;
  size_t range_count;
  char *source, *beneath;
  struct extent *extents;
  size_t extent_count, extent_room;
  uint64_t written_bytes, digest;
  int error;
};

static const char zero_page[PAGE_BYTES];

/* The sum over a layer's pages that are not zero says whether they are what they were, in whatever
 * order they were copied. It guards against damage, not against forgery. */
static uint64_t digest_page(uint32_t page, const char *bytes) {
  const uint64_t prime = 0x9e3779b97f4a7c15;
  uint64_t lanes[4] = {page + 1, prime, page ^ prime, ~prime};
  for (size_t at = 0; at < PAGE_BYTES; at += sizeof lanes) {
    uint64_t words[4];
    memcpy(words, bytes + at, sizeof words);
    for (int i = 0; i < 4; i++) {
      lanes[i] = (lanes[i] ^ words[i]) * prime;
      lanes[i] ^= lanes[i] >> 29;
    }
  }
  uint64_t digest = lanes[0];
  for (int i = 1; i < 4; i++) digest = (digest ^ lanes[i]) * prime + (digest >> 31);
  return digest;
}

static bool add_extent(struct job *job, uint32_t first, uint32_t count, uint32_t kind) {
  if (job->extent_count > 0) {
    struct extent *last = &job->extents[job->extent_count - 1];
    if (last->kind == kind && last->first + last->count == first) {
      last->count += count;
      return true;
    }
  }
  if (job->extent_count == job->extent_room) {
    const size_t room = job->extent_room == 0 ? 256 : job->extent_room * 2;
    struct extent *extents = realloc(job->extents, room * sizeof *extents);
    if (extents == NULL) return false;
    job->extents = extents;
    job->extent_room = room;
  }
  job->extents[job->extent_count++] = (struct extent){first, count, kind};
  return true;
}

/* Bytes of a file, or zeroes behind its end or where it has a hole. */
static bool read_at(int file, char *buffer, size_t bytes, off_t offset) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t n = pread(file, buffer + done, bytes - done, offset + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) {
      memset(buffer + done, 0, bytes - done);
      return true;
    }
    done += (size_t)n;
  }
  return true;
}

static bool write_at(int file, const char *buffer, size_t bytes, off_t offset) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t n = pwrite(file, buffer + done, bytes - done, offset + (off_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC;
    if (n <= 0) return false;
    done += (size_t)n;
  }
  return true;
}

static bool fill(const struct job *job, uint32_t file, char *buffer, uint32_t first, uint32_t count) {
  if (file == ZEROES) {
    memset(buffer, 0, (size_t)count * PAGE_BYTES);
    return true;
  }
  return read_at(job->files[file], buffer, (size_t)count * PAGE_BYTES, (off_t)first * PAGE_BYTES);
}

/* Pages from `first` on that are a hole of the file, up to `count`. */
static uint32_t hole_at(int file, uint32_t first, uint32_t count) {
  const off_t offset = (off_t)first * PAGE_BYTES, data = lseek(file, offset, SEEK_DATA);
  // Some file systems know no holes: then there is data everywhere.
  if (data < 0) return errno == ENXIO ? count : 0;
  const uint64_t pages = (uint64_t)(data - offset) / PAGE_BYTES;
  return pages < count ? (uint32_t)pages : count;
}

enum verdict { SAME, ZERO, DATA };

static enum verdict judge(const struct range *range, const char *page, const char *beneath) {
  const bool is_zero = memcmp(page, zero_page, PAGE_BYTES) == 0;
  if (range->beneath == NOTHING) return is_zero ? ZERO : DATA;
  if (memcmp(page, beneath, PAGE_BYTES) == 0) return SAME;
  return is_zero ? ZERO : DATA;
}

static bool copy_chunk(struct job *job, const struct range *range, uint32_t first, uint32_t count) {
  if (!fill(job, range->source, job->source, first, count)) return false;
  if (range->beneath != NOTHING && !fill(job, range->beneath, job->beneath, first, count)) return false;
  for (uint32_t page = 0, run; page < count; page += run) {
    const enum verdict verdict = judge(range, job->source + (size_t)page * PAGE_BYTES, job->beneath + (size_t)page * PAGE_BYTES);
    if (verdict == DATA) job->digest += digest_page(first + page, job->source + (size_t)page * PAGE_BYTES);
    for (run = 1; page + run < count; run++) {
      const char *next = job->source + (size_t)(page + run) * PAGE_BYTES;
      if (judge(range, next, job->beneath + (size_t)(page + run) * PAGE_BYTES) != verdict) break;
      if (verdict == DATA) job->digest += digest_page(first + page + run, next);
    }
    if (verdict == SAME) continue;
    if (!add_extent(job, first + page, run, verdict == ZERO ? KIND_ZERO : KIND_DATA)) return false;
    if (verdict != DATA || job->target < 0) continue;
    if (!write_at(job->target, job->source + (size_t)page * PAGE_BYTES, (size_t)run * PAGE_BYTES, (off_t)(first + page) * PAGE_BYTES)) return false;
    job->written_bytes += (uint64_t)run * PAGE_BYTES;
  }
  return true;
}

static bool copy_range(struct job *job, const struct range *range) {
  const bool may_skip = range->beneath == NOTHING || range->beneath == ZEROES;
  for (uint32_t done = 0, count; done < range->count; done += count) {
    const uint32_t first = range->first + done, left = range->count - done;
    if (may_skip && range->source != ZEROES) {
      count = hole_at(job->files[range->source], first, left);
      if (count > 0) {
        if (range->beneath == NOTHING && !add_extent(job, first, count, KIND_ZERO)) return false;
        continue;
      }
    }
    count = left < CHUNK_PAGES ? left : CHUNK_PAGES;
    if (!copy_chunk(job, range, first, count)) return false;
  }
  return true;
}

static void run(napi_env env, void *data) {
  (void)env;
  struct job *job = data;
  job->source = malloc(CHUNK_BYTES);
  job->beneath = malloc(CHUNK_BYTES);
  errno = ENOMEM;
  bool fine = job->source != NULL && job->beneath != NULL;
  for (size_t i = 0; fine && i < job->range_count; i++) fine = copy_range(job, &job->ranges[i]);
  if (!fine) job->error = errno == 0 ? EIO : errno;
}

static void drop(napi_env env, struct job *job) {
  if (job->work != NULL) napi_delete_async_work(env, job->work);
  free(job->files);
  free(job->ranges);
  free(job->source);
  free(job->beneath);
  free(job->extents);
  free(job);
}

/* A Uint32Array with a copy of the extents. */
static napi_status make_extents(napi_env env, const struct job *job, napi_value *array) {
  void *bytes;
  napi_value buffer;
  const size_t length = job->extent_count * sizeof *job->extents;
  const napi_status status = napi_create_arraybuffer(env, length, &bytes, &buffer);
  if (status != napi_ok) return status;
  if (length > 0) memcpy(bytes, job->extents, length);
  return napi_create_typedarray(env, napi_uint32_array, length / sizeof(uint32_t), buffer, 0, array);
}

static void settle(napi_env env, napi_status status, void *data) {
  struct job *job = data;
  napi_value result, extents, written, digest;
  if (status != napi_ok || job->error != 0) {
    napi_reject_deferred(env, job->deferred, make_errno(env, "copyPages", job->error == 0 ? ECANCELED : job->error));
  } else if (napi_create_object(env, &result) == napi_ok && make_extents(env, job, &extents) == napi_ok &&
             napi_create_int64(env, (int64_t)job->written_bytes, &written) == napi_ok && napi_create_bigint_uint64(env, job->digest, &digest) == napi_ok &&
             napi_set_named_property(env, result, "extents", extents) == napi_ok && napi_set_named_property(env, result, "writtenBytes", written) == napi_ok &&
             napi_set_named_property(env, result, "digest", digest) == napi_ok) {
    napi_resolve_deferred(env, job->deferred, result);
  } else {
    napi_reject_deferred(env, job->deferred, make_errno(env, "copyPages", ENOMEM));
  }
  drop(env, job);
}

/* A copy of a typed array's elements, all of `width` bytes; at least one byte is allocated. */
static bool take_array(napi_env env, napi_value value, napi_typedarray_type wanted, size_t width, void **elements, size_t *count) {
  bool is_array = false;
  napi_typedarray_type type;
  void *data;
  if (napi_is_typedarray(env, value, &is_array) != napi_ok || !is_array) return false;
  if (napi_get_typedarray_info(env, value, &type, count, &data, NULL, NULL) != napi_ok || type != wanted) return false;
  *elements = malloc(*count * width + 1);
  if (*elements == NULL) return false;
  if (*count > 0) memcpy(*elements, data, *count * width);
  return true;
}

static bool are_ranges_sound(const struct job *job) {
  for (size_t i = 0; i < job->range_count; i++) {
    const struct range *range = &job->ranges[i];
    if (range->source != ZEROES && range->source >= job->file_count) return false;
    if (range->beneath != ZEROES && range->beneath != NOTHING && range->beneath >= job->file_count) return false;
    if ((uint64_t)range->first + range->count > UINT32_MAX) return false;
  }
  return true;
}

/* copyPages(target, files, ranges): writes pages of `files` (an Int32Array of descriptors) into
 * `target`, or only looks at them where that is -1. `ranges` is a Uint32Array with four numbers
 * each: first page, number of pages, index of the file they come from (2^32-1: zeroes), index of
 * the file beneath (2^32-1: zeroes; 2^32-2: there is none, all count). Resolves with what differs. */
napi_value copy_pages(napi_env env, napi_callback_info info) {
  size_t count = 3, numbers = 0;
  napi_value arg[3], promise, name;
  struct job *job = calloc(1, sizeof *job);
  if (job == NULL) return throw_usage(env, "copyPages: no memory");
  const bool sound = napi_get_cb_info(env, info, &count, arg, NULL, NULL) == napi_ok && count == 3 && napi_get_value_int32(env, arg[0], &job->target) == napi_ok &&
                     take_array(env, arg[1], napi_int32_array, sizeof *job->files, (void **)&job->files, &job->file_count) &&
                     take_array(env, arg[2], napi_uint32_array, sizeof(uint32_t), (void **)&job->ranges, &numbers) && numbers % 4 == 0;
  job->range_count = numbers / 4;
  if (!sound || !are_ranges_sound(job)) {
    drop(env, job);
    return throw_usage(env, "copyPages(target: number, files: Int32Array, ranges: Uint32Array)");
  }
  if (napi_create_string_utf8(env, "copyPages", NAPI_AUTO_LENGTH, &name) != napi_ok || napi_create_promise(env, &job->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, NULL, name, run, settle, job, &job->work) != napi_ok || napi_queue_async_work(env, job->work) != napi_ok) {
    drop(env, job);
    return throw_usage(env, "copyPages could not begin");
  }
  return promise;
}
