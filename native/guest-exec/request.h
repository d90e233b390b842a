/*
 * An EXEC frame's payload, taken apart. Everything points into one private copy, every
 * length is checked against what is left, and no string carries a NUL.
 */
#ifndef MAYFLY_REQUEST_H
#define MAYFLY_REQUEST_H

#include <stdbool.h>

#include "protocol.h"

#define EXEC_FLAG_PTY 1u

struct exec_request {
    bool pty;
    uint16_t rows;
    uint16_t columns;
    uint32_t stdout_window;
    uint32_t stderr_window;
    const char *cwd;  /* NULL: the user's home */
    const char *user; /* NULL: root */
    char **argv;
    char **env; /* additions to the base environment, NAME=value */
    void *storage;
};

/* Returns 0 or an errno: EPROTO for a malformed payload, ENOMEM. Free with request_free. */
int request_parse(struct exec_request *request, const uint8_t *payload, size_t length);
void request_free(struct exec_request *request);

#endif
