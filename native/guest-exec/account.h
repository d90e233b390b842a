/*
 * A user of the guest, read from /etc/passwd and /etc/group by ourselves: a static glibc
 * cannot load the name service modules of whatever guest it is put into.
 */
#ifndef MAYFLY_ACCOUNT_H
#define MAYFLY_ACCOUNT_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

#define ACCOUNT_MAX_GROUPS 64

struct account {
    char name[64];
    char home[256];
    char shell[256];
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_MAX_GROUPS];
    size_t group_count;
};

/* By name or by number; NULL is root, who exists even where there is no passwd. 0 or an errno. */
int account_find(struct account *account, const char *name_or_uid);

#endif
