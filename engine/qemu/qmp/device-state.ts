/**
 * The state of a stopped machine's devices, as QEMU writes it for a migration: saved to the engine
 * and loaded into a new process. RAM is left aside where QEMU takes it for shared
 * (`x-ignore-shared`), else it is in the stream. The stream goes over a unix socket, since the
 * sandbox denies QEMU to start a program, and an engine may be of another file system's view.
 * https://www.qemu.org/docs/master/devel/migration/main.html
 */
import { createReadStream, type WriteStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { finished, pipeline } from 'node:stream/promises'
import { MayflyError, isMayflyError } from '../../../contract/errors.ts'
import type { QmpClient } from './qmp-client.ts'

export interface StateTransfer {
  /** Where the socket is made for the moment; its folder is private. */
  readonly socket: string
  /** RAM stays out of the stream. QEMU must know `x-ignore-shared`, and RAM be a shared file to it. False: RAM is in it, whatever this QEMU was told for a transfer before. */
  readonly withoutRam: boolean
  readonly signal?: AbortSignal
}

/** No limit that a disk or a socket would ever reach: the guest stands still meanwhile. */
const unlimitedBytesPerSecond = 1_000_000_000_000

export interface StateSaving {
  /** Saves; the machine's CPUs must stand still. QEMU is in state `postmigrate` afterwards and goes on with `cont`. */
  save(): Promise<Buffer>
  /** Lets go of the socket. */
  close(): Promise<void>
}

/**
 * Makes everything ready for a state to be saved, while the guest still runs. `file`: it is written
 * there instead of being answered, for a stream with RAM in it. Throws `qmp-failed` where QEMU refuses
 * or fails, `qmp-interrupted`, `cancelled`, and `save` the system's error where the file cannot be written.
 */
export async function prepareStateSaving(qmp: QmpClient, transfer: StateTransfer, file?: string): Promise<StateSaving> {
  const taken = await listenOnce(transfer.socket, file)
  const close = async (): Promise<void> => {
    taken.close()
    await rm(transfer.socket, { force: true })
  }
  try {
    await prepare(qmp, transfer)
  } catch (error) {
    await close()
    throw error
  }
  return {
    close,
    async save() {
      try {
        await Promise.all([endOfMigration(qmp, transfer.signal), qmp.execute('migrate', { uri: `unix:${transfer.socket}` })])
        return await taken.content()
      } catch (error) {
        if (!qmp.isClosed) await qmp.execute('migrate_cancel').catch(ignoreExpected)
        // QEMU only says that nobody took it.
        throw taken.lost() ?? error
      }
    },
  }
}

/**
 * Loads a saved state into a QEMU that was started with `-incoming defer`. Its CPUs stand still
 * afterwards. QEMU ends where it cannot load it: then this throws `qmp-interrupted`, and its log says why.
 */
export async function loadDeviceState(qmp: QmpClient, transfer: StateTransfer, state: Uint8Array | { readonly file: string }): Promise<void> {
  const ended = endOfMigration(qmp, transfer.signal)
  ended.catch(() => undefined)
  // In this order, and not one after the other: QEMU takes them as they come.
  await Promise.all([prepare(qmp, transfer), qmp.execute('migrate-incoming', { uri: `unix:${transfer.socket}` })])
  const feeding = feed(transfer.socket, state)
  feeding.catch(() => undefined)
  try {
    // QEMU's own word counts; a broken pipe only tells that there is one.
    await Promise.race([ended, feeding.then(() => ended)])
    await feeding
  } finally {
    await rm(transfer.socket, { force: true })
  }
}

async function prepare(qmp: QmpClient, { withoutRam }: StateTransfer): Promise<void> {
  const ignoreShared = qmp.execute('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: withoutRam }] })
  await Promise.all([
    qmp.execute('migrate-set-capabilities', { capabilities: [{ capability: 'events', state: true }] }),
    // A QEMU that does not know it puts RAM in the stream in any case.
    withoutRam ? ignoreShared : ignoreShared.catch(ignoreRefused),
    qmp.execute('migrate-set-parameters', { 'max-bandwidth': unlimitedBytesPerSecond }),
  ])
}

async function endOfMigration(qmp: QmpClient, signal: AbortSignal | undefined): Promise<void> {
  const { data } = await qmp.waitForEvent('MIGRATION', { where: (event) => event.data.status === 'completed' || event.data.status === 'failed' || event.data.status === 'cancelled', ...(signal === undefined ? {} : { signal }) })
  if (data.status === 'completed') return
  const description = await qmp.execute('query-migrate').then((info) => info['error-desc'] ?? `it ended as ${data.status}`)
  throw new MayflyError('qmp-failed', `QEMU could not save or load the state of its devices: ${description}`, { command: 'migrate', qmpClass: 'GenericError', description })
}

interface Taken {
  content(): Promise<Buffer>
  /** Why what came could not be kept; null where it could so far. */
  lost(): Error | null
  close(): void
}

/** Takes what the first to connect sends. */
async function listenOnce(path: string, file: string | undefined): Promise<Taken> {
  const chunks: Buffer[] = []
  const sink: WriteStream | null = file === undefined ? null : createWriteStream(file, { flags: 'wx', mode: 0o600 })
  let accept: (socket: Socket) => void
  let lost: Error | null = null
  sink?.on('error', (error) => {
    lost = error
  })
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve
  })
  // An engine that was killed in the middle leaves its socket.
  await rm(path, { force: true })
  const server: Server = createServer((socket) => accept(socket))
  const received = accepted.then(async (socket) => {
    // A file that takes nothing more ends the connection: else QEMU would wait for ever.
    if (sink !== null) return pipeline(socket, sink).finally(() => socket.destroy())
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await finished(socket, { writable: false })
  })
  received.catch(() => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    content: async () => {
      await received
      return Buffer.concat(chunks)
    },
    lost: () => lost,
    close: () => {
      server.close()
      void accepted.then((socket) => socket.destroy())
      sink?.destroy()
    },
  }
}

async function feed(path: string, state: Uint8Array | { readonly file: string }): Promise<void> {
  const socket = connect({ path })
  // Whoever waits hears of it by the stream's end.
  socket.on('error', () => undefined)
  if ('file' in state) createReadStream(state.file).on('error', (error) => socket.destroy(error)).pipe(socket)
  else socket.end(state)
  await finished(socket, { readable: false })
  socket.destroy()
}

function ignoreRefused(error: unknown): void {
  if (!isMayflyError(error, 'qmp-failed')) throw error
}

function ignoreExpected(error: unknown): void {
  if (!isMayflyError(error)) throw error
}
