#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct child_ends {
    int input;
    int output;
    int error;
    int exec;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

_Noreturn static void fail(int fd, const char *step)
{
    struct exec_failure failure = {.error_number = errno};
    snprintf(failure.step, sizeof failure.step, "%s", step);
    ssize_t ignored = write(fd, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static void become(const struct account *account, int exec_fd)
{
    if (geteuid() != 0) {
        errno = EPERM;
        if (account->uid != geteuid())
            fail(exec_fd, "user");
        return;
    }
    if (setgroups(account->group_count, account->groups) != 0 || setgid(account->gid) != 0 ||
        setuid(account->uid) != 0)
        fail(exec_fd, "user");
}

static void set_environment(const struct exec_request *request, const struct account *account,
                            int exec_fd)
{
    clearenv();
    bool ok = setenv("PATH", DEFAULT_PATH, 1) == 0 && setenv("HOME", account->home, 1) == 0 &&
              setenv("USER", account->name, 1) == 0 && setenv("LOGNAME", account->name, 1) == 0 &&
              setenv("SHELL", account->shell, 1) == 0;
    if (ok && request->pty)
        ok = setenv("TERM", "xterm-256color", 1) == 0;
    for (char **entry = request->env; ok && *entry != NULL; entry++)
        ok = putenv(*entry) == 0;
    if (!ok)
        fail(exec_fd, "environment");
}

_Noreturn static void run_child(const struct exec_request *request, const struct account *account,
                                const struct child_ends *ends)
{
    sigset_t none;
    setsid();
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(022);

    if (request->pty && ioctl(ends->input, TIOCSCTTY, 0) != 0)
        fail(ends->exec, "terminal");
    if (dup2(ends->input, 0) < 0 || dup2(ends->output, 1) < 0 || dup2(ends->error, 2) < 0)
        fail(ends->exec, "descriptors");

    set_environment(request, account, ends->exec);
    become(account, ends->exec);
    if (request->cwd != NULL) {
        if (chdir(request->cwd) != 0)
            fail(ends->exec, "cwd");
    } else if (chdir(account->home) != 0 && chdir("/") != 0) {
        fail(ends->exec, "cwd");
    }
    execvp(request->argv[0], request->argv);
    fail(ends->exec, "exec");
}

static int open_terminal(struct spawned *spawned, struct child_ends *ends,
                         const struct exec_request *request, const struct account *account)
{
    char name[64];
    struct winsize size = {.ws_row = request->rows, .ws_col = request->columns};
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        return errno;
    spawned->stdout_fd = terminal;
    spawned->input_fd = fcntl(terminal, F_DUPFD_CLOEXEC, 3);
    if (spawned->input_fd < 0 || unlockpt(terminal) != 0)
        return errno;
    int error = ptsname_r(terminal, name, sizeof name);
    if (error != 0)
        return error;
    ends->input = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends->input < 0 || ioctl(terminal, TIOCSWINSZ, &size) != 0)
        return errno;
    if (geteuid() == 0 && fchown(ends->input, account->uid, (gid_t)-1) != 0)
        return errno;
    ends->output = fcntl(ends->input, F_DUPFD_CLOEXEC, 3);
    ends->error = fcntl(ends->input, F_DUPFD_CLOEXEC, 3);
    return ends->output < 0 || ends->error < 0 ? errno : 0;
}

static int open_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

static int open_pipes(struct spawned *spawned, struct child_ends *ends)
{
    int error = open_pipe(&ends->input, &spawned->input_fd);
    if (error == 0)
        error = open_pipe(&spawned->stdout_fd, &ends->output);
    if (error == 0)
        error = open_pipe(&spawned->stderr_fd, &ends->error);
    return error;
}

int spawn_command(struct spawned *spawned, const struct exec_request *request,
                  const char **failed_step)
{
    struct account account;
    struct child_ends ends = {-1, -1, -1, -1};
    *spawned = (struct spawned){-1, -1, -1, -1, -1};

    *failed_step = "user";
    int error = account_find(&account, request->user);
    if (error != 0)
        return error;
    *failed_step = request->pty ? "terminal" : "pipes";
    error = request->pty ? open_terminal(spawned, &ends, request, &account)
                         : open_pipes(spawned, &ends);
    if (error == 0)
        error = open_pipe(&spawned->exec_fd, &ends.exec);
    if (error == 0) {
        int *ours[] = {&spawned->exec_fd, &spawned->input_fd, &spawned->stdout_fd,
                       &spawned->stderr_fd};
        for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
            if (*ours[i] >= 0)
                fcntl(*ours[i], F_SETFL, fcntl(*ours[i], F_GETFL) | O_NONBLOCK);
        *failed_step = "fork";
        spawned->pid = fork();
        if (spawned->pid == 0)
            run_child(request, &account, &ends);
        if (spawned->pid < 0)
            error = errno;
    }
    close_fd(&ends.input);
    close_fd(&ends.output);
    close_fd(&ends.error);
    close_fd(&ends.exec);
    if (error != 0) {
        close_fd(&spawned->exec_fd);
        close_fd(&spawned->input_fd);
        close_fd(&spawned->stdout_fd);
        close_fd(&spawned->stderr_fd);
    }
    return error;
}
