/**
 * The templates: machines that are only forked. Each is a machine of its own role with a document
 * that says what it was made of. What is told of them follows the machines: forks that come and go,
 * images that are replaced, processes that wait.
 */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMayflyError, MayflyError } from '../../contract/errors.ts'
import type { CheckpointId, MachineId } from '../../contract/ids.ts'
import type { Image } from '../../contract/image.ts'
import type { Job } from '../../contract/job.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { shellWord } from '../../contract/shell-word.ts'
import type { Template } from '../../contract/template.ts'
import { showCheckpoint } from '../checkpoint/timeline.ts'
import type { EventBody } from '../events/event-hub.ts'
import { removeForGood } from '../fork/remove-for-good.ts'
import { builtOrigin } from '../images/image-store.ts'
import type { EngineContext } from '../machine/engine-context.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { FoundMachine, Machines } from '../machine/machines.ts'
import { mayHave } from '../machine/read-machine.ts'
import { readDocument } from '../storage/document.ts'
import { ForkCounts } from './fork-counts.ts'
import { makeTemplate, writeTemplate } from './make-template.ts'
import { type TemplateDocument, templateDocument, type TemplateRecipe } from './template-document.ts'

export interface MakeRequest {
  readonly name: string
  readonly machine?: string | undefined
  readonly image?: string | undefined
  readonly cpus?: number | undefined
  readonly memoryMiB?: number | undefined
  readonly maxCpus?: number | undefined
  readonly maxMemoryMiB?: number | undefined
  readonly ready?: string | undefined
  readonly timeoutSeconds: number
}

/** Processes that wait so that a fork of a template starts at once. */
export interface TemplatePool {
  /** How many wait now. */
  waiting(template: MachineId): number
  /** How many shall wait. `checkpoint`: what they begin from; null: none is to be had any more. */
  want(core: MachineCore, checkpoint: CheckpointId | null, wanted: 'auto' | number): void
}

interface Entry {
  readonly core: MachineCore
  /** Null where it cannot be read. */
  document: TemplateDocument | null
  sizeBytes: number
  broken: string | null
  /** What was told last, to be told again only where it differs. */
  told: string
}

export interface TemplatesOptions {
  readonly context: EngineContext
  readonly machines: Machines
  readonly pool: TemplatePool
}

export class Templates {
  readonly #options: TemplatesOptions
  readonly #entries = new Map<MachineId, Entry>()
  readonly #forks = new ForkCounts()
  /** Names that are being made. */
  readonly #making = new Set<string>()

  constructor(options: TemplatesOptions) {
    this.#options = options
  }

  /** Reads the templates among the machines, and removes what an engine that was killed was making. */
  async open(found: readonly FoundMachine[]): Promise<void> {
    const { machines, context } = this.#options
    for (const core of machines.all) this.#forks.note(core.id, core.stored.life.origin?.machine ?? null)
    const templates = new Map<MachineCore, TemplateDocument | null>()
    await Promise.all(found.map(async ({ core, content }) => {
      const document = mayHave(content, core.names.template) ? await read(core) : undefined
      if (document === undefined && core.stored.life.role !== 'template') return
      if (document !== undefined && document !== null && document.made === null) {
        await removeForGood(core, machines).catch((error: unknown) => context.log(`${core.id} of a template that was not finished is left: ${String(error)}`))
        return
      }
      templates.set(core, document ?? null)
    }))
    for (const [core, document] of templates) {
      if (document === null || document.replaces === null) continue
      await this.#replace(core, document).then(
        (settled) => templates.set(core, settled),
        (error: unknown) => context.log(`${core.id}: the template in whose place it comes is left: ${String(error)}`),
      )
    }
    for (const [core, document] of templates) if (machines.has(core.id)) this.#enter(core, document)
  }

  /** In the order of their names. */
  list(): Template[] {
    return [...this.#entries.values()].map((entry) => this.#show(entry)).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  }

  /** One template by name, id, or an unambiguous beginning of its id. Throws `not-found`. */
  get(ref: string): Template {
    return this.#show(this.#find(ref))
  }

  /** What forks of this machine begin from, where it is a template. Null: it is none. Throws `conflict` for one that cannot be forked. */
  checkpointOf(core: MachineCore): CheckpointId | null {
    if (core.stored.life.role !== 'template') return null
    const entry = this.#entries.get(core.id)
    const checkpoint = entry?.document?.made?.checkpoint
    if (entry?.broken === null && checkpoint !== undefined) return checkpoint
    throw new MayflyError('conflict', `${core.name} cannot be forked: ${entry?.broken ?? 'it is still being made.'}`, { state: entry?.broken === null ? 'being made' : 'broken', allowed: [] }, { next: `Wait until it is ready, or make it again: mayfly template make ${core.commandWord}` })
  }

  /** Begins to make a template, or to make it anew. Throws `not-found`, `conflict`, `unsupported`, `invalid-input`. */
  make(request: MakeRequest): Job {
    const { context, machines } = this.#options
    const { name } = request
    const previous = [...this.#entries.values()].find((entry) => entry.core.name === name) ?? null
    if (this.#making.has(name)) throw new MayflyError('conflict', `The template ${name} is being made already.`, { state: 'being made', allowed: [] })
    if (previous === null) machines.assertNameFree(name)
    const source = request.machine === undefined ? null : machines.find(request.machine)
    const recipe = this.#recipeOf(request, previous?.document?.recipe ?? null, source)
    // Under another name until it is whole: the old one is good until then.
    const working = previous === null ? name : freeWorkingName(machines, name)
    this.#making.add(name)
    const title = previous === null ? `Make the template ${name}` : `Make the template ${name} anew`
    try {
      return context.jobs.run({ kind: 'template.make', title, machine: previous?.core.id ?? null }, async (job) => {
        try {
          const { core, document } = await makeTemplate(context, machines, {
            name: working,
            recipe,
            source,
            replaces: previous === null ? null : { machine: previous.core.id, name },
            pool: previous?.document?.pool ?? 'auto',
            timeoutSeconds: request.timeoutSeconds,
            onMachine: (machine, begun) => this.#enter(machine, begun),
          }, job)
          // Should that fail it is good under its own name; the next engine tries again.
          this.#enter(core, document)
          this.#enter(core, await this.#replace(core, document))
          return { machine: core.id, checkpoint: document.made?.checkpoint, sentence: `The template ${name} is ready. Try it: mayfly run ${shellWord(name)} -- uname -a` }
        } finally {
          this.#making.delete(name)
        }
      })
    } catch (error) {
      this.#making.delete(name)
      throw error
    }
  }

  /** Says how many processes shall wait. Throws `not-found`, `conflict` for one that cannot be forked. */
  async setPool(ref: string, wanted: string): Promise<Template> {
    const entry = this.#find(ref)
    if (entry.document === null || entry.document.made === null) throw new MayflyError('conflict', `${entry.core.name} cannot be forked: ${entry.broken ?? 'it is still being made.'}`, { state: 'broken', allowed: [] })
    const document = { ...entry.document, pool: wanted === 'auto' ? ('auto' as const) : Number(wanted) }
    await writeTemplate(entry.core, document)
    this.#enter(entry.core, document)
    return this.#show(entry)
  }

  /** Removes a template; its forks have what they need. Throws `not-found`, `conflict` while it is being made. */
  async remove(ref: string): Promise<{ machine: Template['machine']; name: string }> {
    const { core } = this.#find(ref)
    const { id, name } = core
    if (this.#making.has(name)) throw new MayflyError('conflict', `The template ${name} is being made.`, { state: 'being made', allowed: ['ready'] }, { next: 'Cancel the job first: mayfly job list.' })
    this.#options.pool.want(core, null, 0)
    await removeForGood(core, this.#options.machines)
    return { machine: id, name }
  }

  /** Something has happened that a template may tell of. */
  note(body: EventBody): void {
    switch (body.type) {
      case 'machine.removed':
        if (this.#entries.delete(body.machine)) this.#options.context.events.publish({ type: 'template.removed', machine: body.machine })
        this.#tellOf(this.#forks.note(body.machine, null))
        return
      case 'machine.changed': {
        const { id, role, origin } = body.machine
        this.#tellOf([id, ...this.#forks.note(id, origin?.machine ?? null)])
        if (role !== 'template' || this.#entries.has(id)) return
        // One that came back out of the trash.
        const core = this.#options.machines.byId(id)
        if (core !== null) void read(core).then((document) => (document?.made == null ? undefined : this.#enter(core, document)))
        return
      }
      case 'image.changed':
      case 'image.removed':
        this.#tellChanged()
        return
      default:
    }
  }

  /** The pool of a template has changed. */
  poolChanged(): void {
    this.#tellChanged()
  }

  #find(ref: string): Entry {
    const entries = [...this.#entries.values()]
    const exact = this.#entries.get(ref as MachineId) ?? entries.find(({ core }) => core.name === ref)
    if (exact !== undefined) return exact
    const [only, other] = entries.filter(({ core }) => ref !== '' && core.id.startsWith(ref))
    if (only !== undefined && other === undefined) return only
    throw new MayflyError('not-found', `There is no template called ${ref}.`, { kind: 'template', ref }, { next: 'mayfly template list shows them all; mayfly template make makes one.' })
  }

  #enter(core: MachineCore, document: TemplateDocument | null): void {
    const known = this.#entries.get(core.id)
    const entry: Entry = known ?? { core, document, sizeBytes: 0, broken: null, told: '' }
    entry.document = document
    entry.broken = document === null ? 'Its template.json cannot be read.' : null
    this.#entries.set(core.id, entry)
    this.#tell(entry)
    void this.#examine(entry)
  }

  /** What has to be looked up: how large it is, and whether its RAM can be used on this host. */
  async #examine(entry: Entry): Promise<void> {
    try {
      const checkpoint = entry.document?.made?.checkpoint
      if (checkpoint !== undefined) {
        const shown = await showCheckpoint(entry.core, checkpoint)
        entry.broken = shown.broken ?? shown.ramRefused
      }
      entry.sizeBytes = await allocatedBytes(entry.core.names.folder)
    } catch (error) {
      if (!isMayflyError(error)) throw error
      entry.broken = error.message
    }
    if (this.#entries.get(entry.core.id) !== entry) return
    const { document, broken, core } = entry
    this.#options.pool.want(core, broken === null ? (document?.made?.checkpoint ?? null) : null, document?.pool ?? 0)
    this.#tell(entry)
  }

  #show({ core, document, sizeBytes, broken }: Entry): Template {
    const { pool } = this.#options
    const summary = core.summary()
    const room = core.stored.hardware?.room
    const image = document?.recipe.image ?? null
    return {
      machine: core.id,
      name: core.name,
      checkpoint: document?.made?.checkpoint ?? null,
      madeAt: document?.made?.at ?? null,
      ready: document?.recipe.ready ?? 'agent',
      image: image === null ? null : { id: image.id, name: image.name },
      outdated: image !== null && this.#isOutdated(image),
      cpus: summary.cpus,
      memoryMiB: summary.memoryMiB,
      ceilings: { cpus: Math.max(summary.cpus, room?.cpus ?? 0), memoryMiB: Math.max(summary.memoryMiB, room?.memoryMiB ?? 0) },
      sizeBytes,
      forks: this.#forks.of(core.id),
      pool: { waiting: pool.waiting(core.id), wanted: document?.pool ?? 0 },
      broken,
    }
  }

  /** Its image's name stands for other content by now. */
  #isOutdated(image: { readonly name: string; readonly sha256: string }): boolean {
    const now = this.#options.context.images.list().find(({ name }) => name === image.name)
    return now !== undefined && now.sha256 !== image.sha256
  }

  #tellChanged(): void {
    for (const entry of this.#entries.values()) this.#tell(entry)
  }

  #tellOf(machines: readonly MachineId[]): void {
    for (const machine of machines) {
      const entry = this.#entries.get(machine)
      if (entry !== undefined) this.#tell(entry)
    }
  }

  #tell(entry: Entry): void {
    const template = this.#show(entry)
    const told = JSON.stringify(template)
    if (told === entry.told) return
    entry.told = told
    this.#options.context.events.publish({ type: 'template.changed', template })
  }

  /** What the request leaves open is as it was made before. */
  #recipeOf(request: MakeRequest, before: TemplateRecipe | null, source: MachineCore | null): TemplateRecipe {
    const image = source === null ? this.#imageOf(request, before) : null
    const recipe: TemplateRecipe = {
      image: image === null ? null : { id: image.id, name: image.name, sha256: image.sha256 },
      cpus: request.cpus ?? before?.cpus ?? null,
      memoryMiB: request.memoryMiB ?? before?.memoryMiB ?? null,
      maxCpus: request.maxCpus ?? before?.maxCpus ?? null,
      maxMemoryMiB: request.maxMemoryMiB ?? before?.maxMemoryMiB ?? null,
      ready: request.ready ?? before?.ready ?? (image?.origin === builtOrigin ? 'serial:MAYFLY READY' : 'agent'),
    }
    const invalid = (path: string, message: string): never => {
      throw new MayflyError('invalid-input', message, { issues: [{ path, message }] })
    }
    if (recipe.cpus !== null && recipe.maxCpus !== null && recipe.maxCpus < recipe.cpus) invalid('maxCpus', `It cannot grow to ${recipe.maxCpus} CPUs: it has ${recipe.cpus} from the beginning.`)
    if (recipe.memoryMiB !== null && recipe.maxMemoryMiB !== null && recipe.maxMemoryMiB < recipe.memoryMiB) invalid('maxMemoryMiB', `It cannot grow to ${recipe.maxMemoryMiB} MiB: it has ${recipe.memoryMiB} MiB from the beginning.`)
    if (source !== null && hasProcess(source.state) && [request.cpus, request.memoryMiB, request.maxCpus, request.maxMemoryMiB].some((value) => value !== undefined)) {
      throw new MayflyError('unsupported', `A template of ${source.name} as it runs has its CPUs and memory, and no room for more.`, { needs: 'a machine that is off', have: source.state }, { next: 'Shut it down first; the template then boots a copy of its disks.' })
    }
    return recipe
  }

  #imageOf(request: MakeRequest, before: TemplateRecipe | null): Image {
    const { images } = this.#options.context
    if (request.image !== undefined) return images.get(request.image)
    if (before !== null && before.image === null) throw new MayflyError('invalid-input', `${request.name} was made of a machine. Name it again.`, { issues: [{ path: 'machine', message: 'Name the machine to make it of.' }] })
    const name = before?.image?.name ?? (images.list().some((image) => image.name === request.name) ? request.name : 'tiny')
    return images.get(name)
  }

  /** The new one takes the name of the old one, which goes. Can be repeated. Answers with the document as it is then. */
  async #replace(made: MachineCore, document: TemplateDocument): Promise<TemplateDocument> {
    const { machines, pool, context } = this.#options
    const { replaces } = document
    if (replaces === null) return document
    const old = machines.byId(replaces.machine)
    if (old !== null) {
      if (this.#entries.has(old.id)) pool.want(old, null, 0)
      await removeForGood(old, machines)
    }
    context.atStep('template.replacing')
    const unreserve = machines.reserveName(replaces.name, made.id)
    try {
      await made.queue.run(() => made.saveConfig({ ...made.config, name: replaces.name }))
    } finally {
      unreserve()
    }
    context.atStep('template.renamed')
    const settled: TemplateDocument = { ...document, replaces: null }
    await writeTemplate(made, settled)
    return settled
  }
}

/** `tiny (new)`: what it is called until it is whole. */
function freeWorkingName(machines: Machines, name: string): string {
  for (let number = 1; ; number++) {
    const working = `${name.slice(0, 60)} (new${number === 1 ? '' : ` ${number}`})`
    if (machines.isNameFree(working)) return working
  }
}

/** Undefined where there is none; null where it cannot be read. */
async function read(core: MachineCore): Promise<TemplateDocument | null | undefined> {
  try {
    return await readDocument(core.names.template, templateDocument)
  } catch (error) {
    if (!isMayflyError(error)) throw error
    return error.code === 'not-found' ? undefined : null
  }
}

/** What lies in its folder, also what it shares with an image. */
async function allocatedBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (entry.isFile()) bytes += ((await stat(join(entry.parentPath, entry.name)).catch(() => null))?.blocks ?? 0) * 512
  }
  return bytes
}
