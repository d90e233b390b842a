/* Turning a request into a process of its own session, without waiting for its exec. */
#ifndef MAYFLY_SPAWN_H
#define MAYFLY_SPAWN_H

#include <sys/types.h>

#include "request.h"

struct spawned {
    pid_t pid;
    int exec_fd;
    int input_fd;
    int stdout_fd;
    int stderr_fd; /* -1 with a pseudo terminal */
};

/* What travels over exec_fd when the child could not become the command. */
struct exec_failure {
    int error_number;
    char step[16];
};

/* Returns 0 or an errno; `failed_step` then names what failed. All descriptors are non-blocking. */
int spawn_command(struct spawned *spawned, const struct exec_request *request,
                  const char **failed_step);

#endif
