#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIXED_BYTES 20u

struct cursor {
    const uint8_t *at;
    size_t left;
    char *text; /* where the next NUL-terminated copy goes */
};

static bool next_string(struct cursor *cursor, char **out)
{
    if (cursor->left < 4)
        return false;
    size_t length = get_u32(cursor->at);
    cursor->at += 4;
    cursor->left -= 4;
    if (length > cursor->left || memchr(cursor->at, 0, length) != NULL)
        return false;
    memcpy(cursor->text, cursor->at, length);
    cursor->text[length] = 0;
    *out = cursor->text;
    cursor->text += length + 1;
    cursor->at += length;
    cursor->left -= length;
    return true;
}

int request_parse(struct exec_request *request, const uint8_t *payload, size_t length)
{
    memset(request, 0, sizeof *request);
    if (length < FIXED_BYTES)
        return EPROTO;
    uint32_t flags = get_u32(payload);
    size_t argc = get_u16(payload + 16);
    size_t envc = get_u16(payload + 18);
    /* Each string takes four bytes at least, which bounds both counts before any memory is asked for. */
    if ((flags & ~EXEC_FLAG_PTY) != 0 || argc == 0 || (argc + envc + 2) * 4 > length - FIXED_BYTES)
        return EPROTO;

    size_t pointers = (argc + 1 + envc + 1) * sizeof(char *);
    request->storage = malloc(pointers + length);
    if (request->storage == NULL)
        return ENOMEM;
    request->argv = request->storage;
    request->env = request->argv + argc + 1;
    struct cursor cursor = {payload + FIXED_BYTES, length - FIXED_BYTES,
                            (char *)request->storage + pointers};

    request->pty = (flags & EXEC_FLAG_PTY) != 0;
    request->rows = get_u16(payload + 4);
    request->columns = get_u16(payload + 6);
    request->stdout_window = get_u32(payload + 8);
    request->stderr_window = get_u32(payload + 12);

    char *cwd = NULL;
    char *user = NULL;
    bool ok = next_string(&cursor, &cwd) && next_string(&cursor, &user);
    for (size_t i = 0; ok && i < argc; i++)
        ok = next_string(&cursor, &request->argv[i]);
    for (size_t i = 0; ok && i < envc; i++)
        ok = next_string(&cursor, &request->env[i]) && strchr(request->env[i], '=') != NULL;
    if (!ok || cursor.left != 0 || request->argv[0][0] == 0) {
        request_free(request);
        return EPROTO;
    }
    request->argv[argc] = NULL;
    request->env[envc] = NULL;
    request->cwd = cwd[0] != 0 ? cwd : NULL;
    request->user = user[0] != 0 ? user : NULL;
    return 0;
}

void request_free(struct exec_request *request)
{
    free(request->storage);
    request->storage = NULL;
}
