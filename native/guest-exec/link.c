#include "link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PORTS_DIRECTORY "/sys/class/virtio-ports"
#define RETRY_FIRST_MS 10
#define RETRY_MOST_MS 1000

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 1) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool adopt(struct link *link, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (epoll_ctl(link->watch_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return false;
    link->fd = fd;
    link->readable = link->writable = true;
    link->retry_ms = RETRY_FIRST_MS;
    return true;
}

bool link_init(struct link *link, enum link_kind kind, const char *name, int fd)
{
    *link = (struct link){
        .kind = kind, .name = name, .listen_fd = -1, .fd = -1, .retry_ms = RETRY_FIRST_MS};
    link->watch_fd = epoll_create1(EPOLL_CLOEXEC);
    if (link->watch_fd < 0)
        return false;
    if (kind == LINK_SOCKET) {
        link->listen_fd = listen_at(name);
        return link->listen_fd >= 0;
    }
    return kind == LINK_PORT || (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && adopt(link, fd));
}

static bool port_has_name(const char *port, const char *name)
{
    char path[300];
    char text[128];
    snprintf(path, sizeof path, PORTS_DIRECTORY "/%s/name", port);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0)
        return false;
    text[count] = 0;
    text[strcspn(text, "\n")] = 0;
    return strcmp(text, name) == 0;
}

static int open_port(const char *name)
{
    int fd = -1;
    DIR *directory = opendir(PORTS_DIRECTORY);
    if (directory == NULL)
        return -1;
    for (struct dirent *entry = readdir(directory); entry != NULL && fd < 0;
         entry = readdir(directory)) {
        char path[300];
        if (entry->d_name[0] == '.' || !port_has_name(entry->d_name, name))
            continue;
        snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    }
    closedir(directory);
    return fd;
}

bool link_open(struct link *link, int64_t now_ms)
{
    int fd = -1;
    if (link->fd >= 0 || link->kind == LINK_FD)
        return false;
    if (link->kind == LINK_SOCKET) {
        fd = accept4(link->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } else if (now_ms >= link->retry_at_ms) {
        fd = open_port(link->name);
        link->retry_at_ms = now_ms + link->retry_ms;
        link->retry_ms = link->retry_ms * 2 < RETRY_MOST_MS ? link->retry_ms * 2 : RETRY_MOST_MS;
    }
    if (fd < 0)
        return false;
    if (!adopt(link, fd)) {
        close(fd);
        return false;
    }
    return true;
}

int link_poll_fd(const struct link *link)
{
    return link->fd >= 0 ? link->watch_fd : link->listen_fd;
}

void link_noticed(struct link *link)
{
    struct epoll_event event;
    if (link->fd < 0 || epoll_wait(link->watch_fd, &event, 1, 0) != 1)
        return;
    /* A hang-up is learned by reading. */
    if (event.events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR))
        link->readable = true;
    if (event.events & EPOLLOUT)
        link->writable = true;
}

ssize_t link_read(struct link *link, void *to, size_t length)
{
    if (link->fd < 0 || !link->readable || length == 0)
        return 0;
    ssize_t count = read(link->fd, to, length);
    if (count > 0)
        return count;
    if (count < 0 && errno == EINTR)
        return 0;
    link->readable = false;
    return count < 0 && errno == EAGAIN ? 0 : -1;
}

ssize_t link_write(struct link *link, const void *from, size_t length)
{
    if (link->fd < 0 || !link->writable || length == 0)
        return 0;
    ssize_t count = write(link->fd, from, length);
    if (count > 0)
        return count;
    if (count < 0 && errno == EINTR)
        return 0;
    link->writable = false;
    return count == 0 || errno == EAGAIN ? 0 : -1;
}

bool link_lost(struct link *link)
{
    /* A port that was unplugged says ENODEV; one whose host left is read again without harm. */
    char byte;
    link->readable = link->writable = false;
    if (link->kind == LINK_PORT && (read(link->fd, &byte, 0) >= 0 || errno == EAGAIN))
        return false;
    close(link->fd);
    link->fd = -1;
    link->ended = link->kind == LINK_FD;
    return true;
}
