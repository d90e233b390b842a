/**
 * A byte pipe to a machine's screen. Nothing is parsed: the viewer speaks VNC with QEMU, and
 * flow control reaches QEMU, which then draws less often. Each viewer has a connection of its own.
 */
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { MayflyError } from '../../contract/errors.ts'

/** Connects to the VNC socket of a running machine. Throws `conflict` where nobody listens, `cancelled` when `signal` aborts. */
export async function openScreen(socketPath: string, signal?: AbortSignal): Promise<Duplex> {
  if (signal?.aborted === true) throw cancelled()
  const socket = connect({ path: socketPath })
  const abort = (): void => {
    socket.destroy(cancelled())
  }
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    // A connection that breaks later ends the stream; what broke it is of no use to a viewer.
    socket.on('error', () => undefined)
    return socket
  } catch (cause) {
    if (cause instanceof MayflyError) throw cause
    throw new MayflyError('conflict', 'The screen of the machine cannot be reached: QEMU does not listen for viewers.', { state: 'unreachable', allowed: ['running'] }, { cause })
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

function cancelled(): MayflyError {
  return new MayflyError('cancelled', 'The screen was not opened: nobody waits for it any more.', {})
}
