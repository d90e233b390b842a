#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 4096

/* Cuts `line` at its colons; returns how many fields there were, at most `most`. */
static size_t split(char *line, char **fields, size_t most)
{
    size_t count = 0;
    line[strcspn(line, "\n")] = 0;
    while (count < most && line != NULL)
        fields[count++] = strsep(&line, ":");
    return count;
}

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

static void add_group(struct account *account, gid_t gid)
{
    for (size_t i = 0; i < account->group_count; i++)
        if (account->groups[i] == gid)
            return;
    if (account->group_count < ACCOUNT_MAX_GROUPS)
        account->groups[account->group_count++] = gid;
}

static void find_groups(struct account *account)
{
    char line[LINE_BYTES];
    char *fields[4];
    add_group(account, account->gid);
    FILE *file = fopen("/etc/group", "re");
    if (file == NULL)
        return;
    while (fgets(line, sizeof line, file) != NULL) {
        if (split(line, fields, 4) < 4)
            continue;
        char *members = fields[3];
        while (members != NULL) {
            const char *member = strsep(&members, ",");
            if (strcmp(member, account->name) == 0)
                add_group(account, (gid_t)strtoul(fields[2], NULL, 10));
        }
    }
    fclose(file);
}

int account_find(struct account *account, const char *name_or_uid)
{
    char line[LINE_BYTES];
    char *fields[7];
    const char *wanted = name_or_uid != NULL ? name_or_uid : "0";
    int result = ENOENT;
    memset(account, 0, sizeof *account);

    FILE *file = fopen("/etc/passwd", "re");
    while (file != NULL && result != 0 && fgets(line, sizeof line, file) != NULL) {
        if (split(line, fields, 7) < 7)
            continue;
        if (strcmp(fields[0], wanted) != 0 && strcmp(fields[2], wanted) != 0)
            continue;
        copy(account->name, sizeof account->name, fields[0]);
        copy(account->home, sizeof account->home, fields[5]);
        copy(account->shell, sizeof account->shell, fields[6]);
        account->uid = (uid_t)strtoul(fields[2], NULL, 10);
        account->gid = (gid_t)strtoul(fields[3], NULL, 10);
        result = 0;
    }
    if (file != NULL)
        fclose(file);
    if (result != 0 && name_or_uid == NULL) {
        copy(account->name, sizeof account->name, "root");
        copy(account->home, sizeof account->home, "/");
        result = 0;
    }
    if (account->shell[0] == 0)
        copy(account->shell, sizeof account->shell, "/bin/sh");
    if (result == 0)
        find_groups(account);
    return result;
}
