/*
 * Frames on their way to the host. The size is fixed: who wants to send asks for room first
 * and waits when there is none, so a host that does not read costs no memory and blocks
 * nothing but what it would have read.
 */
#ifndef MAYFLY_OUTBOX_H
#define MAYFLY_OUTBOX_H

#include <stdbool.h>

#include "protocol.h"

#define OUTBOX_BYTES (256u * 1024u)
/* Kept free of output data, so that answers find room even while commands flood. */
#define OUTBOX_CONTROL_RESERVE_BYTES 8192u

struct outbox {
    uint8_t bytes[OUTBOX_BYTES];
    size_t start;
    size_t end;
};

void outbox_clear(struct outbox *box);

/* Largest payload that one frame could have now; 0 when not even an empty frame fits. */
size_t outbox_room(struct outbox *box);

/* Appends a whole frame. False, and nothing appended, when it does not fit. */
bool outbox_put(struct outbox *box, enum frame_type type, uint32_t session, const void *payload,
                size_t length);

/*
 * For output data, which is read straight into place: begin gives the payload's address
 * (outbox_room must have allowed `length`), finish makes it a frame of `length` bytes.
 */
uint8_t *outbox_begin(struct outbox *box);
void outbox_finish(struct outbox *box, enum frame_type type, uint32_t session, size_t length);

#endif
