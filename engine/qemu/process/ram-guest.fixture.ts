/**
 * For tests of RAM: guests that prove what is in their memory. Real QEMUs, started as the engine
 * starts them, with the devices by which a guest gives memory back, and without the engine.
 */
import { createHash } from 'node:crypto'
import { closeSync, readSync } from 'node:fs'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { connectExec, type ExecClient } from '../../guest/exec/exec-client.ts'
import { until } from '../../guest/exec/native-helper.fixture.ts'
import { execPortName } from '../../guest/exec/protocol.ts'
import { testImage } from '../../images/tiny/test-image.fixture.ts'
import { makeRandomId } from '../../jobs/random-id.ts'
import { loadNative } from '../../native.ts'
import { findQemu } from '../capabilities/find-qemu.ts'
import { connectQmp } from '../qmp/connect-qmp.ts'
import { loadDeviceState, prepareStateSaving } from '../qmp/device-state.ts'
import type { QmpClient } from '../qmp/qmp-client.ts'
import { inheritedRamPath, launchQemu, readTextTail } from './launch-qemu.ts'
import { type FrozenRam, freezeRam, openRamLayer, prepareRamLaunch } from './ram-library.ts'
import type { OpenRamLayer } from './ram-layer.ts'

const mebibyte = 1024 * 1024
const bootedWithinMs = 90_000

/** What a fork begins from. */
export interface SavedRam {
  readonly state: Buffer
  /** Lowest first; none where RAM is in the state. */
  readonly layers: readonly OpenRamLayer[]
}

export interface GuestOptions {
  readonly folder: string
  readonly memoryMiB?: number
  readonly saved?: SavedRam
  readonly devices?: readonly string[]
  readonly accelerator?: 'tcg' | 'kvm'
  /** The image of a disk that is booted instead of the tiny Linux. */
  readonly bootSector?: string
}

export interface Frozen extends FrozenRam {
  readonly id: string
  readonly state: Buffer
  /** From `stop` to the end of the freeze. */
  readonly pauseMs: number
}

export class RamGuest {
  readonly folder: string
  readonly memoryMiB: number
  readonly qmp: QmpClient
  readonly pid: number
  readonly #ended: Promise<void>
  #exec: ExecClient | null = null
  /** Held open: layers of this guest's pile. */
  readonly layers: OpenRamLayer[]

  private constructor(folder: string, memoryMiB: number, qmp: QmpClient, pid: number, ended: Promise<void>, layers: readonly OpenRamLayer[]) {
    this.folder = folder
    this.memoryMiB = memoryMiB
    this.qmp = qmp
    this.pid = pid
    this.#ended = ended
    this.layers = [...layers]
  }

  /** Boots a guest, or lets one go on from a saved point. */
  static async start(options: GuestOptions): Promise<RamGuest> {
    const { folder, memoryMiB = 256, saved, devices = [], accelerator = 'tcg' } = options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const { binary, env, firmwareFolders } = await findQemu()
    const ramBytes = memoryMiB * mebibyte
    const boot = options.bootSector === undefined ? await linux() : ['-blockdev', JSON.stringify({ driver: 'raw', 'node-name': 'boot', 'read-only': true, file: { driver: 'file', filename: options.bootSector } }), '-device', 'virtio-blk-pci,drive=boot']
    const args = [
      ...firmwareFolders.flatMap((firmware) => ['-L', firmware]),
      '-S', '-no-user-config', '-nodefaults', '-display', 'none', '-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
      '-pidfile', `${folder}/qemu.pid`, '-qmp', `unix:${folder}/qmp.sock,server=on,wait=off`,
      '-accel', accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm', '-machine', 'q35,memory-backend=ram0,dump-guest-core=off,vmport=off', '-cpu', accelerator === 'tcg' ? 'max' : 'host', '-smp', '2', '-m', `${memoryMiB}`,
      '-object', JSON.stringify({ 'qom-type': 'memory-backend-file', id: 'ram0', size: ramBytes, 'mem-path': inheritedRamPath, share: true, prealloc: false, merge: false, dump: false }),
      ...boot,
      '-serial', `file:${folder}/serial.log`,
      '-device', 'virtio-serial-pci', '-chardev', `socket,id=exec,path=${folder}/exec.sock,server=on,wait=off`, '-device', `virtserialport,chardev=exec,name=${execPortName}`,
      '-device', 'virtio-balloon-pci,id=balloon,free-page-reporting=on', '-object', 'rng-builtin,id=rng', '-device', 'virtio-rng-pci,rng=rng',
      '-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,romfile=',
      ...devices,
      ...(saved === undefined ? [] : ['-incoming', 'defer']),
    ]
    const ramFd = loadNative().memfdCreate('mayfly-test-ram', ramBytes)
    const ram = prepareRamLaunch({ socket: `${folder}/ram.sock`, ramBytes, layers: saved?.layers ?? [] })
    let qemu
    try {
      qemu = await launchQemu({ binary, args, env, ramFd, descriptors: ram.descriptors, qemuEnv: ram.qemuEnv, logFile: `${folder}/qemu.log`, exitFile: `${folder}/exit.json`, cwd: folder })
    } finally {
      ram.close()
      closeSync(ramFd)
    }
    const gone = new AbortController()
    void qemu.ended.then(() => gone.abort())
    let qmp
    try {
      qmp = await connectQmp(`${folder}/qmp.sock`, { waitForSocket: true, timeoutMs: 30_000, signal: gone.signal })
    } catch (error) {
      throw new Error(`QEMU did not start: ${await readTextTail(`${folder}/qemu.log`, 4096)}`, { cause: error })
    }
    const pid = Number(await readFile(`${folder}/qemu.pid`, 'utf8'))
    const guest = new RamGuest(folder, memoryMiB, qmp, pid, qemu.ended, saved?.layers ?? [])
    try {
      if (saved !== undefined) await loadDeviceState(qmp, { socket: `${folder}/state.sock`, withoutRam: saved.layers.length > 0 }, saved.state)
      await qmp.execute('cont')
      if (saved === undefined && options.bootSector === undefined) await guest.#untilBooted()
    } catch (error) {
      const log = await readTextTail(`${folder}/qemu.log`, 4096)
      await guest.kill()
      throw new Error(`The guest does not run: ${log}`, { cause: error })
    }
    return guest
  }

  async #untilBooted(): Promise<void> {
    await until('the guest is ready', async () => (await readTextTail(`${this.folder}/serial.log`, 65_536)).includes('MAYFLY READY'), bootedWithinMs)
  }

  get socket(): string {
    return `${this.folder}/ram.sock`
  }

  /** What a shell in the guest says. */
  async shell(script: string): Promise<string> {
    this.#exec ??= await this.#dial()
    const session = await this.#exec.exec({ argv: ['sh', '-c', script] })
    session.stdin.end()
    const [stdout, stderr, exit] = await Promise.all([text(session.stdout), text(session.stderr), session.exited])
    if (exit.exitStatus !== 0) throw new Error(`${script} ended with ${exit.exitStatus ?? exit.signal ?? ''}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  async #dial(): Promise<ExecClient> {
    const socket = connect(path.join(this.folder, 'exec.sock'))
    await once(socket, 'connect')
    const connection = await connectExec(socket, { timeoutMs: 20_000 })
    if (connection.kind !== 'connected') throw new Error(`The helper is ${connection.kind}.`)
    return connection.client
  }

  /** Random bytes in the guest's RAM, and their digest: from now on it can be asked whether they are still there. */
  async fill(name: string, mebibytes: number): Promise<string> {
    return this.shell(`dd if=/dev/urandom of=/run/${name} bs=1M count=${mebibytes} 2>/dev/null; md5sum < /run/${name}`)
  }

  digest(name: string): Promise<string> {
    return this.shell(`md5sum < /run/${name}`)
  }

  /** Stops, saves the devices, freezes, and goes on; the new layer is held open until the guest is killed. */
  async freeze(id = makeRandomId(), goOn = true): Promise<Frozen> {
    const saving = await prepareStateSaving(this.qmp, { socket: `${this.folder}/state.sock`, withoutRam: true })
    const begin = performance.now()
    await this.qmp.execute('stop')
    const state = await saving.save()
    const frozen = await freezeRam(this.socket, id)
    if (goOn) await this.qmp.execute('cont')
    const pauseMs = performance.now() - begin
    await saving.close()
    this.layers.push({ id, descriptor: openRamLayer(this.pid, frozen.qemuDescriptor), extents: frozen.extents })
    return { ...frozen, id, state, pauseMs }
  }

  /** Ends it at once. Layers that others hold stay. */
  async kill(): Promise<void> {
    this.qmp.close()
    this.#exec?.close()
    try {
      process.kill(this.pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
    await this.#ended
  }
}

async function linux(): Promise<string[]> {
  const image = await testImage()
  return ['-kernel', image.kernel, '-initrd', image.initrd, '-append', image.cmdline]
}

/** The digest of a whole file of memory, read through a descriptor. */
export function digestOf(descriptor: number, bytes: number): string {
  const hash = createHash('sha1')
  const chunk = Buffer.alloc(4 * mebibyte)
  for (let at = 0; at < bytes;) {
    const read = readSync(descriptor, chunk, 0, Math.min(chunk.length, bytes - at), at)
    if (read === 0) break
    hash.update(chunk.subarray(0, read))
    at += read
  }
  return hash.digest('hex')
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
