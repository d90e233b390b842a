/**
 * The steps of a fork as a script would do them by hand, on a QEMU of its own: the same binary,
 * arguments, RAM library, layers and commands, and nothing around them.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { link, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineClient } from '../engine/engine-face.ts'
import { newLayerFile } from '../engine/machine/layers.ts'
import { closePile, freezePile, openPile, preparePile, readPile } from '../engine/machine/ram-pile.ts'
import { loadNative } from '../engine/native.ts'
import { writeEmptyOverlay } from '../engine/qemu/img/empty-overlay.ts'
import { readVirtualBytes } from '../engine/qemu/img/own-layer.ts'
import { identifyProcess, type ProcessIdentity } from '../engine/qemu/process/process-identity.ts'
import type { OpenRamLayer } from '../engine/qemu/process/ram-layer.ts'
import { prepareRamLaunch } from '../engine/qemu/process/ram-library.ts'
import { connectQmp } from '../engine/qemu/qmp/connect-qmp.ts'
import { loadDeviceState, prepareStateSaving } from '../engine/qemu/qmp/device-state.ts'
import type { QmpClient } from '../engine/qemu/qmp/qmp-client.ts'
import { machineFolderNames, machineRuntimeNames } from '../engine/storage/names.ts'
import type { BenchHome } from './bench-home.ts'
import { until } from './until.ts'

interface BareQemu {
  readonly child: ChildProcess
  readonly qmp: QmpClient
  readonly process: ProcessIdentity
}

export interface BareFork {
  readonly totalMs: number
  readonly pauseMs: number
}

export class BareParent {
  readonly #binary: string
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  readonly #ramBytes: number
  readonly #runtime: string
  readonly #folder: string
  readonly #serialLog: string
  #chain: string[] = []
  #qemu: BareQemu | null = null

  private constructor(pid: number, ramBytes: number, runtime: string, folder: string) {
    const strings = (file: string): string[] => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0').slice(0, -1)
    const [binary = '', ...args] = strings('cmdline')
    this.#binary = binary
    this.#args = args
    this.#env = Object.fromEntries(strings('environ').map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)] as const).filter(([name]) => !/^(LD_PRELOAD|MAYFLY_)/.test(name)))
    this.#ramBytes = ramBytes
    this.#runtime = runtime
    this.#folder = folder
    this.#serialLog = machineFolderNames(folder).serialLog
  }

  /** Learns from a machine of Mayfly's how it is started, and boots it without Mayfly. */
  static async boot(home: BenchHome, client: EngineClient, machine: string): Promise<BareParent> {
    const { id, pid, memoryMiB, folder } = await client.machine.show({ machine })
    if (pid === null) throw new Error('The machine must run.')
    const parent = new BareParent(pid, memoryMiB * 1024 * 1024, machineRuntimeNames(home.folders, id).folder, folder)
    await client.machine.stop({ machine, force: true })
    parent.#chain = await readdir(parent.#disk())
    const { disks } = JSON.parse(readFileSync(join(folder, 'disks.json'), 'utf8')) as { disks: { disk0: string[] } }
    parent.#chain = disks.disk0
    await mkdir(parent.#runtime, { recursive: true, mode: 0o700 })
    parent.#qemu = await parent.#start(parent.#runtime, parent.#chain, [], false)
    await parent.#qemu.qmp.execute('cont')
    await until(() => readFileSync(parent.#serialLog, 'utf8').includes('MAYFLY READY'), 'the bare guest is up', 120_000)
    return parent
  }

  #disk(): string {
    return join(this.#folder, 'disks', 'disk0')
  }

  /** From here to the fork's CPUs running; the fork is gone afterwards. */
  async fork(): Promise<BareFork> {
    const parent = this.#qemu
    if (parent === null) throw new Error('The bare parent has ended.')
    const runtime = `${this.#runtime}f`
    const startedAt = performance.now()
    const own = newLayerFile()
    const sizeBytes = await readVirtualBytes(join(this.#disk(), this.#chain[0] ?? ''))
    const { qmp } = parent
    const path = join(this.#disk(), own)
    await writeEmptyOverlay({ path, sizeBytes, backing: this.#chain.at(-1) ?? '' })
    const number = this.#chain.length
    await qmp.execute('blockdev-add', { driver: 'file', 'node-name': `o${number}`, filename: path, 'auto-read-only': true })
    await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': `b${number}`, file: `o${number}`, backing: null })
    const socket = join(this.#runtime, 'state.sock')
    const pile = await readPile(parent, join(this.#runtime, 'ram.sock'))
    if (pile === null) throw new Error('The bare QEMU has no RAM library.')
    await preparePile(pile)
    const saving = await prepareStateSaving(qmp, { socket, withoutRam: true })
    const active = (await qmp.execute('query-block')).map(({ inserted }) => inserted?.['node-name'] ?? '').find((name) => name === 'disk0-format' || /^b[0-9]+$/.test(name)) ?? ''
    const stoppedAt = performance.now()
    await qmp.execute('stop')
    const [state, frozen] = await Promise.all([saving.save(), freezePile(parent, pile)])
    await qmp.execute('transaction', { actions: [{ type: 'blockdev-snapshot', data: { node: active, overlay: `b${number}` } }] })
    await qmp.execute('cont')
    const pauseMs = performance.now() - stoppedAt
    const layers = openPile(parent, frozen)
    await mkdir(runtime, { recursive: true, mode: 0o700 })
    const fork = newLayerFile()
    await link(join(this.#disk(), this.#chain.at(-1) ?? ''), join(this.#disk(), `${fork}.link`))
    await writeEmptyOverlay({ path: join(this.#disk(), fork), sizeBytes, backing: this.#chain.at(-1) ?? '', sync: false })
    const child = await this.#start(runtime, [...this.#chain, fork], layers, true)
    await loadDeviceState(child.qmp, { socket: join(runtime, 'state.sock'), withoutRam: true }, state)
    await child.qmp.execute('cont')
    const totalMs = performance.now() - startedAt
    this.#chain = [...this.#chain, own]
    closePile(layers)
    await saving.close()
    await end(child)
    await rm(runtime, { recursive: true, force: true })
    return { totalMs, pauseMs }
  }

  async #start(runtime: string, chain: readonly string[], layers: readonly OpenRamLayer[], incoming: boolean): Promise<BareQemu> {
    const ram = prepareRamLaunch({ socket: join(runtime, 'ram.sock'), ramBytes: this.#ramBytes, layers })
    const descriptor = loadNative().memfdCreate('mayfly-bench', this.#ramBytes)
    const log = openSync(join(this.#folder, 'logs', 'bare.log'), 'a', 0o600)
    const args = [...this.#withChain(chain).map((argument) => argument.replaceAll(this.#runtime, runtime)), ...(incoming ? ['-incoming', 'defer'] : [])]
    const child = spawn(this.#binary, args, { env: { ...this.#env, ...ram.qemuEnv }, cwd: runtime, stdio: ['ignore', log, log, descriptor, ...ram.descriptors] })
    for (const open of [log, descriptor]) closeSync(open)
    ram.close()
    const qmp = await connectQmp(join(runtime, 'qmp.sock'), { waitForSocket: true, timeoutMs: 30_000 })
    const process = identifyProcess(child.pid ?? 0)
    if (process === null) throw new Error('The bare QEMU has ended.')
    return { child, qmp, process }
  }

  /** The arguments with another chain for its disk. */
  #withChain(chain: readonly string[]): string[] {
    const kept: string[] = []
    for (let at = 0; at < this.#args.length; at++) {
      const [argument = '', next = ''] = this.#args.slice(at, at + 2)
      if (argument === '-blockdev' && next.includes('"disk0-')) at++
      else kept.push(argument)
    }
    const nodes = chain.flatMap((file, index) => {
      const isActive = index === chain.length - 1
      const [storage, format] = isActive ? ['disk0-storage', 'disk0-format'] : [`s${index}`, `f${index}`]
      return [
        { driver: 'file', 'node-name': storage, filename: join(this.#disk(), file), 'auto-read-only': true },
        { driver: 'qcow2', 'node-name': format, file: storage, 'read-only': !isActive, backing: index === 0 ? null : `f${index - 1}` },
      ]
    })
    return [...nodes.flatMap((node) => ['-blockdev', JSON.stringify(node)]), ...kept]
  }

  async close(): Promise<void> {
    if (this.#qemu !== null) await end(this.#qemu)
    await rm(this.#runtime, { recursive: true, force: true })
  }
}

async function end({ child, qmp }: BareQemu): Promise<void> {
  const ended = once(child, 'exit')
  qmp.close()
  child.kill('SIGKILL')
  await ended
}
