/* What the parts of the addon share. */
#ifndef MAYFLY_ADDON_H
#define MAYFLY_ADDON_H

#include <node_api.h>

/* Throws an Error with `errno`, as the function's result. */
napi_value throw_errno(napi_env env, const char *what);
napi_value throw_usage(napi_env env, const char *usage);
/* An Error with `errno`, not thrown; NULL where even that fails. */
napi_value make_errno(napi_env env, const char *what, int code);

/* copy-pages.c */
napi_value copy_pages(napi_env env, napi_callback_info info);

#endif
