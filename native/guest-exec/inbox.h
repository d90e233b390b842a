/*
 * Frames from the host, cut out of a byte stream that may begin or break off anywhere.
 * Only a HELLO is recognised until one has been seen; whatever is not a well formed frame
 * takes us back to that state. Nothing of a torn frame is ever acted upon.
 */
#ifndef MAYFLY_INBOX_H
#define MAYFLY_INBOX_H

#include <stdbool.h>

#include "protocol.h"

struct inbox {
    uint8_t bytes[2 * MAX_FRAME_BYTES];
    size_t start;
    size_t end;
    bool synced;
};

struct frame {
    enum frame_type type;
    uint32_t session;
    const uint8_t *payload; /* valid until the next call on the inbox */
    size_t length;
};

enum inbox_result { INBOX_FRAME, INBOX_NEED_MORE, INBOX_LOST_SYNC };

void inbox_clear(struct inbox *box);

/* Where the next bytes go, and how many fit: at least one when inbox_next said NEED_MORE. */
uint8_t *inbox_space(struct inbox *box, size_t *room);
void inbox_added(struct inbox *box, size_t count);

enum inbox_result inbox_next(struct inbox *box, struct frame *out);

#endif
