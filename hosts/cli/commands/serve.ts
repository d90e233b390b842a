/** `mayfly serve`: the browser face, until it is asked to end. Holds the engine, or joins the one that runs. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { isMayflyError, MayflyError } from '../../../contract/errors.ts'
import { defaultSettings } from '../../../contract/settings.ts'
import { makeFolders, resolveFolders } from '../../../engine/storage/folders.ts'
import { servePassword, uploadsFolder } from '../../../engine/storage/names.ts'
import { holdOrJoin } from '../../holder/hold-or-join.ts'
import { openBrowser } from '../../web/open-browser.ts'
import { keepPassword, readPassword } from '../../web/password.ts'
import { serveWeb } from '../../web/server.ts'
import type { WebOptions, WebServer } from '../../web/server.ts'
import { askHidden } from '../ask-hidden.ts'
import type { Call } from '../command-line.ts'
import { printJson, tell } from '../io.ts'
import type { Io } from '../io.ts'
import { safeLine } from '../safe-text.ts'

const defaultPort = 8006

export async function serveCommand(call: Call, io: Io): Promise<number> {
  const folders = resolveFolders(io.env)
  makeFolders(folders)
  const { options } = call
  if (options['set-password'] === true) {
    await keepPassword(servePassword(folders), await askHidden('New password: ', io))
    tell(io, 'The password was set.')
    return 0
  }

  let end: () => void = () => undefined
  const asked = new Promise<void>((done) => {
    end = done
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end)
  const say = (sentence: string): void => {
    if (!call.globals.quiet) tell(io, safeLine(sentence))
  }
  const log = {
    info: say,
    bug: (reference: string, error: unknown): void => tell(io, `[${reference}] ${safeLine(error instanceof Error ? (error.stack ?? error.message) : String(error))}`),
  }
  // What nobody awaited leaves only its own work undone.
  process.on('unhandledRejection', (reason) => log.bug(randomBytes(4).toString('hex'), reason))

  const place = holdOrJoin({
    folders,
    holder: 'serve',
    log,
    onShutdownRequest: end,
    onArrival: (joined) => {
      if (joined !== null) say(`The engine is held by another process (${joined.holder}, ${joined.pid}); this serves it.`)
    },
  })
  let server: WebServer | undefined
  try {
    const { servePort } = await (await place.connection()).client.settings.show({}).catch(() => defaultSettings)
    const tls = readTls(call, io)
    const password = readPassword(servePassword(folders))
    const address = typeof options['bind'] === 'string' ? options['bind'] : '127.0.0.1'
    server = await listen(options['port'] ?? servePort, {
      engine: { connection: () => place.connection(), doubt: () => place.doubt(), takeOver: () => place.takeOver(), log },
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(password === undefined ? {} : { password }),
      names: [hostname(), ...(typeof options['host-name'] === 'string' ? [options['host-name']] : [])],
      uploadsFolder: uploadsFolder(folders),
    })
    await announce(call, io, server, join(folders.runtime, 'open.html'))
    await asked
  } finally {
    await server?.close()
    await place.close()
  }
  return 0
}

/** On the port that was asked for; without one, on the usual or any that is free. */
async function listen(port: unknown, options: Omit<WebOptions, 'port'>): Promise<WebServer> {
  if (typeof port === 'number') return serveWeb({ ...options, port })
  try {
    return await serveWeb({ ...options, port: defaultPort })
  } catch (error) {
    if (!isMayflyError(error, 'in-use')) throw error
    return serveWeb({ ...options, port: 0 })
  }
}

/** Says where it is; at a terminal, Enter says it anew. */
async function announce(call: Call, io: Io, server: WebServer, openFile: string): Promise<void> {
  const address = server.newAddress()
  if (call.globals.json) printJson(io, { address, port: server.port })
  else io.stdout.write(`${address}\n`)
  if (io.stdin.isTTY === true) {
    tell(io, 'The address lets one browser in. Enter prints another one; Ctrl-C ends this, machines run on.')
    createInterface({ input: io.stdin }).on('line', () => io.stdout.write(`${server.newAddress()}\n`))
  }
  if (call.options['open'] !== true) return
  // Browsers in a sandbox of their own (snap, Flatpak) may not read the file, and tell nobody but their user.
  const isOpening = await openBrowser(server.newAddress(), openFile)
  tell(io, isOpening ? 'A browser is being opened. If it shows an error instead of Mayfly, open the address above in it.' : 'No program that opens a browser was found; open the address above yourself.')
}

function readTls({ options }: Call, io: Io): { certificate: string; key: string } | undefined {
  const { 'tls-cert': certificate, 'tls-key': key } = options
  if (typeof certificate !== 'string' || typeof key !== 'string') return undefined
  const read = (file: string): string => {
    try {
      return readFileSync(resolve(io.cwd, file), 'utf8')
    } catch (cause) {
      throw new MayflyError('not-found', `${file} cannot be read.`, { kind: 'file', ref: file }, { cause })
    }
  }
  return { certificate: read(certificate), key: read(key) }
}
