/**
 * Byte streams never travel as JSON. A procedure answers with a one-use ticket; the transport
 * opens the stream with it: an HTTP upgrade on the engine's socket, a binary WebSocket, a
 * MessagePort. Every transport carries back-pressure.
 */
import { z } from 'zod'

export const streamTicketSchema = z.strictObject({
  /** Unguessable, good for one opening within thirty seconds. */
  ticket: z.string().regex(/^[A-Za-z0-9_-]{32}$/),
  /** `bytes`: both directions raw. `exec`: frames of contract/exec-frame.ts. */
  protocol: z.enum(['bytes', 'exec']),
})
export type StreamTicket = z.infer<typeof streamTicketSchema>
