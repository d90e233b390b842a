/** All machines of this engine: found at its start, looked up by what a person types, made, copied and put away. */
import { readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import { machineIdSchema, type MachineId, type MachineRef } from '../../contract/ids.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { machinesFolder } from '../storage/names.ts'
import { adopt } from './attach.ts'
import type { EngineContext } from './engine-context.ts'
import { inParallel } from './in-parallel.ts'
import { MachineCore } from './machine-core.ts'
import { type FolderContent, readContent, readMachine } from './read-machine.ts'

/** Reading a folder is a handful of small files; this many at once keeps the disk busy without flooding it. */
const readersAtOnce = 32

/** A machine as an engine finds it at its start. */
export interface FoundMachine {
  readonly core: MachineCore
  readonly content: FolderContent
}

export class Machines {
  readonly #context: EngineContext
  readonly #byId = new Map<MachineId, MachineCore>()
  /** Made when it is asked for after machines came or went. */
  #all: readonly MachineCore[] | null = null
  /** Names that a machine being made has taken but not yet got. */
  readonly #reservedNames = new Set<string>()

  constructor(context: EngineContext) {
    this.#context = context
  }

  /** Reads every machine, then takes over those that run. A machine that cannot be taken over never hinders another. Resolves with what was found, for those who settle what is left open. */
  async open(): Promise<readonly FoundMachine[]> {
    const root = machinesFolder(this.#context.folders)
    await makePrivateFolder(root)
    const ids = (await readdir(root)).flatMap((name) => {
      const id = machineIdSchema.safeParse(name)
      return id.success ? [id.data] : []
    })
    const found: FoundMachine[] = []
    await inParallel(ids, readersAtOnce, async (id) => {
      const folder = join(root, id)
      const content = await readContent(folder)
      const core = new MachineCore(this.#context, id, folder, await readMachine(folder, id, content))
      this.#put(core)
      found.push({ core, content })
    })
    const running = this.all.filter((core) => core.run !== null)
    await Promise.all(running.map((core) => core.queue.run(() => adopt(core)).catch((error: unknown) => {
      this.#context.log(`${core.id} could not be taken over: ${String(error)}`)
    })))
    return found
  }

  /** Every machine, in no order. What was answered stays as it is when machines come and go. */
  get all(): readonly MachineCore[] {
    this.#all ??= [...this.#byId.values()]
    return this.#all
  }

  /** The machine with this id; null where none is in the list. */
  byId(id: MachineId): MachineCore | null {
    return this.#byId.get(id) ?? null
  }

  /** Rows in the order of names, as people sort them. */
  list(): MachineSummary[] {
    return this.all.map((core) => core.summary()).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  /** The machine a person means: by name, by id, or by an unambiguous beginning of its id. Throws `not-found`, `invalid-input`. */
  find(ref: MachineRef): MachineCore {
    const exact = this.#byId.get(ref as MachineId) ?? this.all.find((core) => core.name === ref)
    if (exact !== undefined) return exact
    const candidates = this.all.filter((core) => core.id.startsWith(ref))
    const [only] = candidates
    if (only !== undefined && candidates.length === 1) return only
    if (only !== undefined) {
      throw new MayflyError('invalid-input', `${ref} could mean ${candidates.map((core) => core.name).join(', ')}.`, { issues: [{ path: 'machine', message: 'Type more of the id, or the name.' }] })
    }
    throw new MayflyError('not-found', `There is no machine called ${ref}.`, { kind: 'machine', ref }, { next: 'mayfly list shows them all.' })
  }

  /** As `find`; a broken machine's files are read again first, for somebody may have repaired them. */
  async findAnew(ref: MachineRef): Promise<MachineCore> {
    const core = this.find(ref)
    if (core.state === 'broken') {
      await core.queue.run(async () => {
        const stored = await readMachine(core.names.folder, core.id)
        if (core.state !== 'broken' || stored.broken === core.stored.broken) return
        core.replaceStored(stored)
        await adopt(core)
      })
    }
    return core
  }

  /** Whether no other machine has this name, or is just getting it. */
  isNameFree(name: string, except?: MachineId): boolean {
    return !(this.#reservedNames.has(name) || this.all.some((core) => core.name === name && core.id !== except) || machineIdSchema.safeParse(name).success && this.#byId.has(name as MachineId))
  }

  /** Throws `conflict` where the name is not free. */
  assertNameFree(name: string, except?: MachineId): void {
    if (!this.isNameFree(name, except)) throw new MayflyError('conflict', `There is already a machine called ${name}.`, { state: 'taken', allowed: [] }, { next: 'Choose another name.' })
  }

  /** Keeps a name from others until the returned function is called. Throws `conflict` where it is taken. */
  reserveName(name: string, except?: MachineId): () => void {
    this.assertNameFree(name, except)
    this.#reservedNames.add(name)
    return () => this.#reservedNames.delete(name)
  }

  /** Whether a machine with this id is in the list. */
  has(id: MachineId): boolean {
    return this.#byId.has(id)
  }

  /** Lists a machine whose folder has just come into its place. */
  async admit(id: MachineId): Promise<MachineCore> {
    const folder = join(machinesFolder(this.#context.folders), id)
    const core = new MachineCore(this.#context, id, folder, await readMachine(folder, id))
    this.#put(core)
    core.changed()
    // A machine that was put away broken may have been put away running.
    if (core.run !== null) await core.queue.run(() => adopt(core))
    return core
  }

  /** Lists a machine that was prepared aside. */
  enlist(core: MachineCore): void {
    this.#put(core)
    core.markListed()
  }

  /** Takes a machine off the list and its folder to `target`, in one rename. Runs in the machine's queue; it must be off. */
  async release(core: MachineCore, target: string): Promise<void> {
    await rename(core.names.folder, target)
    await Promise.all([syncPath(machinesFolder(this.#context.folders)), syncPath(join(target, '..'))])
    core.markGone()
    this.#byId.delete(core.id)
    this.#all = null
    this.#context.events.publish({ type: 'machine.removed', machine: core.id })
  }

  /** Another machine that binds this host port now. */
  portOwner(protocol: 'tcp' | 'udp', hostPort: number, except: MachineId): string | null {
    const owner = this.all.find((core) => core.id !== except && hasProcess(core.state) && core.summary().forwards.some((forward) => forward.protocol === protocol && forward.hostPort === hostPort))
    return owner?.name ?? null
  }

  #put(core: MachineCore): void {
    this.#byId.set(core.id, core)
    this.#all = null
  }

  /** Lets go of all machines; their guests run on. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((core) => core.queue.close()))
    for (const core of this.all) {
      core.live?.detach()
      core.live = null
    }
  }
}
