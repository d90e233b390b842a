#include "outbox.h"

#include <string.h>

void outbox_clear(struct outbox *box)
{
    box->start = box->end = 0;
}

static void compact(struct outbox *box)
{
    if (box->start == 0)
        return;
    memmove(box->bytes, box->bytes + box->start, box->end - box->start);
    box->end -= box->start;
    box->start = 0;
}

size_t outbox_room(struct outbox *box)
{
    size_t overhead = HEADER_BYTES + TRAILER_BYTES;
    size_t at_end = OUTBOX_BYTES - box->end;
    if (at_end < MAX_FRAME_BYTES)
        compact(box);
    at_end = OUTBOX_BYTES - box->end;
    if (at_end <= overhead)
        return 0;
    size_t room = at_end - overhead;
    return room < MAX_PAYLOAD_BYTES ? room : MAX_PAYLOAD_BYTES;
}

uint8_t *outbox_begin(struct outbox *box)
{
    return box->bytes + box->end + HEADER_BYTES;
}

void outbox_finish(struct outbox *box, enum frame_type type, uint32_t session, size_t length)
{
    uint8_t *frame = box->bytes + box->end;
    put_u32(frame, FRAME_MAGIC);
    put_u32(frame + 4, (uint32_t)type);
    put_u32(frame + 8, session);
    put_u32(frame + 12, (uint32_t)length);
    put_u32(frame + HEADER_BYTES + length, FRAME_END_MARK);
    box->end += HEADER_BYTES + length + TRAILER_BYTES;
}

bool outbox_put(struct outbox *box, enum frame_type type, uint32_t session, const void *payload,
                size_t length)
{
    size_t room = outbox_room(box);
    if (room == 0 || room < length)
        return false;
    if (length > 0)
        memcpy(outbox_begin(box), payload, length);
    outbox_finish(box, type, session, length);
    return true;
}
