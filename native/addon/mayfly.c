/* What the engine needs of Linux and Node does not offer: an advisory lock that dies with its
 * holder, anonymous memory files, copying of memory pages beside the event loop, and the rate of the time stamp counter. Every function throws a JavaScript Error with `errno` set. */
#define _GNU_SOURCE
#include <errno.h>
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif
#include "addon.h"

napi_value make_errno(napi_env env, const char *what, int code) {
  char text[160];
  snprintf(text, sizeof text, "%s: %s", what, strerror(code));
  napi_value message, error, number;
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message) != napi_ok ||
      napi_create_error(env, NULL, message, &error) != napi_ok || napi_create_int32(env, code, &number) != napi_ok ||
      napi_set_named_property(env, error, "errno", number) != napi_ok)
    return NULL;
  return error;
}

napi_value throw_errno(napi_env env, const char *what) {
  const napi_value error = make_errno(env, what, errno);
  if (error != NULL) napi_throw(env, error);
  return NULL;
}

napi_value throw_usage(napi_env env, const char *usage) {
  napi_throw_type_error(env, NULL, usage);
  return NULL;
}

/* flockExclusive(fd): true where the lock is ours now, false where someone else holds it. */
static napi_value flock_exclusive(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value arg[1], result;
  int32_t fd;
  if (napi_get_cb_info(env, info, &count, arg, NULL, NULL) != napi_ok || count != 1 ||
      napi_get_value_int32(env, arg[0], &fd) != napi_ok)
    return throw_usage(env, "flockExclusive(fd: number)");
  int outcome;
  do outcome = flock(fd, LOCK_EX | LOCK_NB);
  while (outcome != 0 && errno == EINTR);
  if (outcome != 0 && errno != EWOULDBLOCK) return throw_errno(env, "flock");
  napi_get_boolean(env, outcome == 0, &result);
  return result;
}

/* memfdCreate(name, bytes): a descriptor of zeroed memory of that size, closed on exec unless
 * handed to a child on purpose. It can be sealed later. */
static napi_value memfd_create_sized(napi_env env, napi_callback_info info) {
  size_t count = 2, length;
  napi_value arg[2], result;
  char name[64];
  int64_t bytes;
  if (napi_get_cb_info(env, info, &count, arg, NULL, NULL) != napi_ok || count != 2 ||
      napi_get_value_string_utf8(env, arg[0], name, sizeof name, &length) != napi_ok ||
      napi_get_value_int64(env, arg[1], &bytes) != napi_ok || bytes < 0)
    return throw_usage(env, "memfdCreate(name: string, bytes: number)");
  const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return throw_errno(env, "memfd_create");
  if (ftruncate(fd, bytes) != 0) {
    const int code = errno;
    close(fd);
    errno = code;
    return throw_errno(env, "ftruncate");
  }
  napi_create_int32(env, fd, &result);
  return result;
}

#if defined(__x86_64__)
struct moment {
  int64_t nanoseconds;
  uint64_t ticks;
};

static int64_t monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Clock and counter at one moment: of several readings the one least disturbed. */
static struct moment read_moment(void) {
  struct moment best = {0, 0};
  int64_t narrowest = INT64_MAX;
  for (int attempt = 0; attempt < 8; attempt++) {
    const int64_t before = monotonic_nanoseconds();
    const uint64_t ticks = __rdtsc();
    const int64_t width = monotonic_nanoseconds() - before;
    if (width >= narrowest) continue;
    narrowest = width;
    best = (struct moment){before + width / 2, ticks};
  }
  return best;
}
#endif

/* tscKHz(): how fast this host's time stamp counter runs; null where it has none. Takes 10 ms. */
static napi_value tsc_khz(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value result;
#if defined(__x86_64__)
  const struct moment first = read_moment();
  const struct timespec pause = {0, 10000000};
  nanosleep(&pause, NULL);
  const struct moment last = read_moment();
  const double milliseconds = (double)(last.nanoseconds - first.nanoseconds) / 1e6;
  if (milliseconds > 0 && last.ticks > first.ticks) {
    napi_create_int64(env, (int64_t)((double)(last.ticks - first.ticks) / milliseconds + 0.5), &result);
    return result;
  }
#endif
  napi_get_null(env, &result);
  return result;
}

static napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"flockExclusive", NULL, flock_exclusive, NULL, NULL, NULL, napi_enumerable, NULL},
      {"memfdCreate", NULL, memfd_create_sized, NULL, NULL, NULL, napi_enumerable, NULL},
      {"copyPages", NULL, copy_pages, NULL, NULL, NULL, napi_enumerable, NULL},
      {"tscKHz", NULL, tsc_khz, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions) != napi_ok) return NULL;
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
