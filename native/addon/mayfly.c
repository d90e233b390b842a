/* What the engine needs of Linux and Node does not offer: an advisory lock that dies with its
 * holder, and anonymous memory files. Every function throws a JavaScript Error with `errno` set. */
#define _GNU_SOURCE
#include <errno.h>
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static napi_value throw_errno(napi_env env, const char *what) {
  const int code = errno;
  char text[160];
  snprintf(text, sizeof text, "%s: %s", what, strerror(code));
  napi_value message, error, number;
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &message) != napi_ok ||
      napi_create_error(env, NULL, message, &error) != napi_ok || napi_create_int32(env, code, &number) != napi_ok ||
      napi_set_named_property(env, error, "errno", number) != napi_ok)
    return NULL;
  napi_throw(env, error);
  return NULL;
}

static napi_value throw_usage(napi_env env, const char *usage) {
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

static napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor functions[] = {
      {"flockExclusive", NULL, flock_exclusive, NULL, NULL, NULL, napi_enumerable, NULL},
      {"memfdCreate", NULL, memfd_create_sized, NULL, NULL, NULL, napi_enumerable, NULL},
  };
  if (napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions) != napi_ok) return NULL;
  return exports;
}

NAPI_MODULE(NODE_GYP_MODULE_NAME, init)
