/**
 * One machine as the engine holds it in memory: what its owner wants, what its guest was
 * started with, and the state it is in. Commands (power, edit, ...) work on it in its queue;
 * every change of state passes through `enter`, which knows the legal moves.
 */
import { rm } from 'node:fs/promises'
import { uptime } from 'node:os'
import type { MachineId } from '../../contract/ids.ts'
import { MayflyError } from '../../contract/errors.ts'
import { hasProcess, isLegalTransition, type MachineState, type PausedBy } from '../../contract/machine-state.ts'
import type { BootPhase, BoundForward, LastExit, MachineConfig, MachineSummary, PendingChange, SeenBoot } from '../../contract/machine.ts'
import { shellWord } from '../../contract/shell-word.ts'
import { usualBootSeconds } from '../console/boot-phase.ts'
import { describeChanges } from '../devices/describe-changes.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import { QmpConversation } from '../qemu/qmp/qmp-conversation.ts'
import { hostBootId } from '../qemu/process/process-identity.ts'
import { writeDocument } from '../storage/document.ts'
import { machineFolderNames, type MachineFolderNames, machineRuntimeNames, type MachineRuntimeNames } from '../storage/names.ts'
import { CommandQueue } from './command-queue.ts'
import type { EngineContext, Happening } from './engine-context.ts'
import type { LiveMachine } from './live-machine.ts'
import { bootsDocument, lastExitDocument, type Life, lifeDocument, machineDocument, restartDocument, type RestartIntent, type RunDocument, runDocument } from './machine-documents.ts'

export interface StoredMachine {
  readonly config: MachineConfig | null
  readonly createdAt: string | null
  readonly hardware: Hardware | null
  readonly lastExit: LastExit | null
  readonly run: RunDocument | null
  readonly life: Life
  /** How many checkpoints it has. */
  readonly checkpoints: number
  /** The last boots that were seen whole, oldest first. */
  readonly boots: readonly SeenBoot[]
  /** Why a file cannot be used; null where all is sound. */
  readonly broken: string | null
}

/** How the boot under way goes. */
export interface BootProgress {
  readonly phase: BootPhase | null
  readonly restartsInMinute: number
}

const noBoot: BootProgress = { phase: null, restartsInMinute: 0 }

export class MachineCore {
  readonly id: MachineId
  readonly context: EngineContext
  readonly names: MachineFolderNames
  readonly queue = new CommandQueue()
  /** What was said with QEMU, over all connections of this engine. */
  readonly conversation = new QmpConversation()
  /** QEMU's side; null while no process belongs to the machine, or its monitor cannot be had. */
  live: LiveMachine | null = null
  /** Whether what is written about its run must outlast a power cut; a fork that was just made is made durable afterwards, as a whole. */
  durable = true
  /** Somebody asked for the end that is coming. */
  endAsked = false
  /** Once that end is there, the machine is started again; a stop that is asked for meanwhile takes it back. */
  startsAgain = false
  /** Called after every change of the machine's row. */
  readonly changeListeners = new Set<() => void>()
  /** Called when the process of the machine has ended and its end is on record. */
  readonly endListeners = new Set<() => void>()

  #stored: StoredMachine
  #state: MachineState
  #pausedBy: PausedBy | null = null
  #stateReason: string | null
  #summary: MachineSummary | null = null
  #agent: MachineSummary['agent'] = 'off'
  #boot: BootProgress = noBoot
  #isGone = false
  #isListed: boolean

  /** `listed` false: a machine that is prepared aside and nobody hears of until `list`. */
  constructor(context: EngineContext, id: MachineId, folder: string, stored: StoredMachine, listed = true) {
    this.context = context
    this.#isListed = listed
    this.id = id
    this.names = machineFolderNames(folder)
    this.#stored = stored
    this.#state = initialState(stored)
    this.#stateReason = stored.broken ?? (this.#state === 'crashed' ? (stored.lastExit?.sentence ?? null) : null)
  }

  get state(): MachineState {
    return this.#state
  }
  get stateReason(): string | null {
    return this.#stateReason
  }
  get pausedBy(): PausedBy | null {
    return this.#pausedBy
  }
  get stored(): StoredMachine {
    return this.#stored
  }
  get run(): RunDocument | null {
    return this.#stored.run
  }
  get runtime(): MachineRuntimeNames {
    return machineRuntimeNames(this.context.folders, this.id)
  }
  /** What people call it; a broken machine is called by its id. */
  get name(): string {
    return this.#stored.config?.name ?? this.id
  }
  /** How a command that is to be copied names it: as people do, quoted as a shell needs it; by its id where the name could be taken for something else. */
  get commandWord(): string {
    return this.name.startsWith('-') || !this.context.isNameFree(this.name, this.id) ? this.id : shellWord(this.name)
  }

  /** The wanted configuration. Throws `storage-corrupt` for a broken machine. */
  get config(): MachineConfig {
    if (this.#stored.config === null) throw this.#brokenError()
    return this.#stored.config
  }

  /** Throws `not-found` where the machine was deleted after it had been looked up. */
  requireListed(): void {
    if (this.#isGone) throw new MayflyError('not-found', `${this.name} was deleted meanwhile.`, { kind: 'machine', ref: this.id })
  }

  /** Throws `conflict` for a template: it is what its checkpoint is, and only forked. */
  requireOrdinary(verb: string): void {
    if (this.#stored.life.role !== 'template') return
    throw new MayflyError('conflict', `${this.name} is a template and cannot be ${verb}: forks of it are.`, { state: 'template', allowed: [] }, { next: `Fork it: mayfly fork ${this.commandWord}. Or run a command in a fork: mayfly run ${this.commandWord} -- COMMAND` })
  }

  /** Throws `conflict`, naming the states in which the command is legal, unless the machine is in one of them. */
  require(verb: string, allowed: readonly MachineState[]): void {
    this.requireListed()
    if (allowed.includes(this.#state)) return
    if (this.#state === 'broken') throw this.#brokenError()
    if (this.#state === 'unknown') {
      throw new MayflyError('conflict', `${this.name} cannot be ${verb} now. ${this.#stateReason ?? 'Its state is unknown.'}`, { state: this.#state, allowed: [...allowed] }, { next: `Wait until it answers again, or switch it off: mayfly stop --force ${this.commandWord}` })
    }
    // It never runs, so that the state it would have to be in is no way on.
    this.requireOrdinary(verb)
    throw new MayflyError('conflict', `${this.name} is ${this.#state}; it cannot be ${verb} now.`, { state: this.#state, allowed: [...allowed] }, { next: `That is possible while it is ${allowed.join(' or ')}.` })
  }

  #brokenError(): MayflyError {
    return new MayflyError('storage-corrupt', `${this.id} is broken: ${this.#stateReason ?? 'its files cannot be used'}`, { file: this.names.machine, reason: this.#stateReason ?? '' }, { next: 'Repair the file, or delete the machine; its folder rests in the trash.' })
  }

  /** Moves to another state. An illegal move is a bug of ours and thrown as one. */
  enter(state: MachineState, details: { pausedBy?: PausedBy | null; reason?: string | null } = {}): void {
    if (!isLegalTransition(this.#state, state)) throw new Error(`Illegal move of ${this.id} from ${this.#state} to ${state}.`)
    const pausedBy = details.pausedBy ?? null
    const reason = details.reason ?? null
    if (state === this.#state && pausedBy === this.#pausedBy && reason === this.#stateReason) return
    this.#state = state
    this.#pausedBy = pausedBy
    this.#stateReason = reason
    if (!hasProcess(state)) {
      this.#agent = 'off'
      this.#boot = noBoot
    }
    this.changed()
  }

  setAgent(agent: MachineSummary['agent']): void {
    if (agent === this.#agent) return
    this.#agent = agent
    this.changed()
  }

  setBoot(boot: BootProgress): void {
    if (boot.phase === this.#boot.phase && boot.restartsInMinute === this.#boot.restartsInMinute) return
    this.#boot = boot
    this.changed()
  }

  /** Takes over what a broken machine's files say by now. */
  replaceStored(stored: StoredMachine): void {
    this.#stored = stored
    this.enter(initialState(stored), { reason: stored.broken })
    this.changed()
  }

  /** Replaces parts of what is stored, in memory; use the `save` functions to write them. */
  update(parts: Partial<StoredMachine>): void {
    this.#stored = { ...this.#stored, ...parts }
    this.changed()
  }

  /** Writes the wanted configuration, then shows it. A failed write changes nothing. */
  async saveConfig(config: MachineConfig): Promise<void> {
    await writeDocument(this.names.machine, machineDocument, { format: 'mayfly-machine', version: 1, id: this.id, createdAt: this.#stored.createdAt ?? new Date().toISOString(), config }, this.durable)
    this.update({ config })
  }

  async saveRun(run: RunDocument): Promise<void> {
    await writeDocument(this.names.run, runDocument, run, this.durable)
    this.update({ run })
  }

  /** Writes how long the machine lives, then shows it. A failed write changes nothing. */
  async saveLife(life: Life): Promise<void> {
    await writeDocument(this.names.life, lifeDocument, { format: 'mayfly-life', version: 1, ...life }, this.durable)
    this.update({ life })
  }

  /** Writes down that it is being restarted. Should that fail, it is no more than not seen through by another engine. */
  async saveRestart(intent: RestartIntent): Promise<void> {
    await writeDocument(this.names.restart, restartDocument, { format: 'mayfly-restart', version: 1, bootId: hostBootId(), ...intent }).catch((error: unknown) => this.context.log(`${this.id}: its restart is not on record: ${String(error)}`))
  }

  /** Nobody is to start it again. */
  async takeBackRestart(): Promise<void> {
    this.startsAgain = false
    await rm(this.names.restart, { force: true })
  }

  /** Written without haste: what is lost of it in a power cut is measured anew. */
  async saveBoots(boots: readonly SeenBoot[]): Promise<void> {
    // What is about to be deleted leaves nothing to be remembered.
    if (this.#isGone || this.#stored.life.throwaway) return
    await writeDocument(this.names.boots, bootsDocument, { format: 'mayfly-boots', version: 1, boots: [...boots] }, false)
    this.update({ boots })
  }

  async saveLastExit(exit: LastExit): Promise<void> {
    await writeDocument(this.names.lastExit, lastExitDocument, { format: 'mayfly-last-exit', version: 1, exit })
    this.update({ lastExit: exit })
  }

  /** Something that happened just now, for people and for watchers; kept in the machine's event log. */
  happened(what: Happening, sentence: string): void {
    const at = new Date().toISOString()
    this.context.appendEvent(this.names.eventLog, `${at} ${what}: ${sentence}\n`)
    if (this.#isListed) this.context.events.publish({ type: 'machine.happened', machine: this.id, what, sentence, at })
  }

  /** Tells watchers that the row has changed. */
  changed(): void {
    this.#summary = null
    if (this.#isListed && !this.#isGone) this.context.events.publish({ type: 'machine.changed', machine: this.summary() })
    for (const listener of [...this.changeListeners]) listener()
  }

  /** The machine has come to the list: from now on it is told of. */
  markListed(): void {
    this.#isListed = true
    this.changed()
  }

  /** The machine has left the list: nothing more is told of it, and commands still queued are refused. */
  markGone(): void {
    this.#isGone = true
    for (const listener of [...this.changeListeners]) listener()
  }

  /** The machine's row of the list. Cheap: only the uptime is computed anew. */
  summary(): MachineSummary {
    this.#summary ??= this.#makeSummary()
    if (this.#summary.startedAt === null || this.run === null) return this.#summary
    return { ...this.#summary, uptimeSeconds: Math.max(0, Math.floor(uptime() - this.run.startedAtBootSeconds)) }
  }

  #makeSummary(): MachineSummary {
    const { config, run, life } = this.#stored
    const active = hasProcess(this.#state)
    const shown = active ? (run?.config ?? config) : config
    return {
      id: this.id,
      place: 'local',
      name: this.name,
      state: this.#state,
      pausedBy: this.#pausedBy,
      stateReason: this.#stateReason,
      cpus: shown?.cpus ?? 0,
      memoryMiB: shown?.memoryMiB ?? 0,
      pid: active ? (run?.process?.pid ?? null) : null,
      startedAt: active ? (run?.startedAt ?? null) : null,
      uptimeSeconds: null,
      tags: config?.tags ?? [],
      notes: config?.notes ?? '',
      profile: config?.profile ?? null,
      forwards: shown === null ? [] : boundForwards(shown),
      agent: this.#agent,
      bootPhase: this.#boot.phase,
      usualBootSeconds: usualBootSeconds(this.#stored.boots),
      restartsInMinute: this.#boot.restartsInMinute,
      pendingChanges: this.pending().length,
      createdAt: this.#stored.createdAt,
      role: life.role,
      origin: life.origin,
      throwaway: life.throwaway,
      expiresAt: life.expiresAt,
      checkpoints: this.#stored.checkpoints,
    }
  }

  /** Settings that wait for the next start. */
  pending(): PendingChange[] {
    const { config, run } = this.#stored
    if (config === null || run === null || !hasProcess(this.#state)) return []
    return describeChanges(run.config, config)
      .filter((change) => change.when === 'next-start')
      .map(({ field, now, next, amounts }) => ({ field, now, next, amounts }))
  }
}

/** Until its process has been looked for, a machine that was running is neither running nor ended. */
function initialState({ broken, run, lastExit }: StoredMachine): MachineState {
  if (broken !== null) return 'broken'
  if (run !== null) return 'unknown'
  return lastExit?.kind === 'crashed' ? 'crashed' : 'stopped'
}

function boundForwards(config: MachineConfig): BoundForward[] {
  return config.nics.flatMap((nic) => nic.network.forwards.map((forward) => ({ nic: nic.id, ...forward })))
}
