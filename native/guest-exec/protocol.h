/*
 * Wire format between the host and the guest's exec helper, protocol version 2.
 *
 * engine/guest/exec/protocol.ts is the reference and explains every frame; the numbers here
 * must equal the numbers there. All integers are little endian.
 *
 *   u32 magic | u8 type | u8[3] zero | u32 session | u32 length | payload | u32 end mark
 */
#ifndef MAYFLY_PROTOCOL_H
#define MAYFLY_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_VERSION 2u
#define FRAME_MAGIC 0x3158464du    /* "MFX1" */
#define FRAME_END_MARK 0xa7a8b9b2u /* no zero byte: zeroes never complete a torn frame */
#define HEADER_BYTES 16u
#define TRAILER_BYTES 4u
#define MAX_PAYLOAD_BYTES 65536u
#define MAX_FRAME_BYTES (HEADER_BYTES + MAX_PAYLOAD_BYTES + TRAILER_BYTES)
#define NONCE_BYTES 16u
#define MAX_PING_BYTES 64u
#define MAX_SESSIONS 128u
#define STDIN_WINDOW_BYTES 65536u
#define KILL_GRACE_MS 2000

enum frame_type {
    /* host to guest */
    FRAME_HELLO = 1,
    FRAME_EXEC = 2,
    FRAME_STDIN = 3,
    FRAME_STDIN_EOF = 4,
    FRAME_SIGNAL = 5,
    FRAME_RESIZE = 6,
    FRAME_CLOSE = 7,
    FRAME_PING = 8,
    FRAME_CREDIT = 9, /* both ways */
    FRAME_TIME = 10,
    /* guest to host */
    FRAME_WELCOME = 65,
    FRAME_STARTED = 66,
    FRAME_STDOUT = 67,
    FRAME_STDERR = 68,
    FRAME_STDIN_CLOSED = 69,
    FRAME_EXIT = 70,
    FRAME_ERROR = 71,
    FRAME_PONG = 72,
    FRAME_DESYNC = 73,
};

enum stream_id { STREAM_STDIN = 0, STREAM_STDOUT = 1, STREAM_STDERR = 2 };

static inline uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline void put_u32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

#endif
