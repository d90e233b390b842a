#include "inbox.h"

#include <string.h>

#define HELLO_BYTES (NONCE_BYTES + 4u)

void inbox_clear(struct inbox *box)
{
    box->start = box->end = 0;
    box->synced = false;
}

uint8_t *inbox_space(struct inbox *box, size_t *room)
{
    if (box->start > 0) {
        memmove(box->bytes, box->bytes + box->start, box->end - box->start);
        box->end -= box->start;
        box->start = 0;
    }
    *room = sizeof box->bytes - box->end;
    return box->bytes + box->end;
}

void inbox_added(struct inbox *box, size_t count)
{
    box->end += count;
}

static bool header_is_sane(const uint8_t *header)
{
    if (get_u32(header) != FRAME_MAGIC || header[5] != 0 || header[6] != 0 || header[7] != 0)
        return false;
    if (header[4] < FRAME_HELLO || header[4] > FRAME_TIME)
        return false;
    return get_u32(header + 12) <= MAX_PAYLOAD_BYTES;
}

static bool header_is_hello(const uint8_t *header)
{
    return header_is_sane(header) && header[4] == FRAME_HELLO && get_u32(header + 8) == 0 &&
           get_u32(header + 12) == HELLO_BYTES;
}

/* Takes the frame at `start` if all of it is there; false where its end mark is wrong. */
static bool take(struct inbox *box, struct frame *out)
{
    const uint8_t *header = box->bytes + box->start;
    size_t length = get_u32(header + 12);
    if (get_u32(header + HEADER_BYTES + length) != FRAME_END_MARK)
        return false;
    out->type = (enum frame_type)header[4];
    out->session = get_u32(header + 8);
    out->payload = header + HEADER_BYTES;
    out->length = length;
    box->start += HEADER_BYTES + length + TRAILER_BYTES;
    return true;
}

static enum inbox_result find_hello(struct inbox *box, struct frame *out)
{
    while (box->end - box->start >= HEADER_BYTES) {
        const uint8_t *at = box->bytes + box->start;
        const uint8_t *first = memchr(at, FRAME_MAGIC & 0xff, box->end - box->start);
        if (first == NULL) {
            box->start = box->end;
            break;
        }
        box->start = (size_t)(first - box->bytes);
        if (box->end - box->start < HEADER_BYTES)
            break;
        if (!header_is_hello(first)) {
            box->start++;
            continue;
        }
        if (box->end - box->start < HEADER_BYTES + HELLO_BYTES + TRAILER_BYTES)
            break;
        if (take(box, out)) {
            box->synced = true;
            return INBOX_FRAME;
        }
        box->start++;
    }
    return INBOX_NEED_MORE;
}

enum inbox_result inbox_next(struct inbox *box, struct frame *out)
{
    if (!box->synced)
        return find_hello(box, out);

    size_t have = box->end - box->start;
    if (have < HEADER_BYTES)
        return INBOX_NEED_MORE;
    const uint8_t *header = box->bytes + box->start;
    bool sane = header_is_sane(header);
    if (sane && have < HEADER_BYTES + get_u32(header + 12) + TRAILER_BYTES)
        return INBOX_NEED_MORE;
    if (sane && take(box, out))
        return INBOX_FRAME;
    /* The search begins inside the bad frame: a HELLO may follow a torn one closely. */
    box->synced = false;
    return INBOX_LOST_SYNC;
}
