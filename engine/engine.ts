/**
 * Puts the engine together. It has no state of its own that matters: machines are folders,
 * running machines are processes that outlive it, so any host may hold it, one at a time.
 */
import { randomBytes } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineInfo } from '../contract/host.ts'
import type { MachineConfig } from '../contract/machine.ts'
import { hasProcess } from '../contract/machine-state.ts'
import { contractHash } from '../contract/contract-hash.generated.ts'
import type { EngineParts } from './api/engine-parts.ts'
import { createRouter } from './api/router.ts'
import { recoverAll } from './checkpoint/recover.ts'
import { settleAgain } from './checkpoint/settle-again.ts'
import type { EngineFace, EngineLog } from './engine-face.ts'
import { EventHub } from './events/event-hub.ts'
import { Lifetimes } from './fork/lifetimes.ts'
import { PromiseBook, type Promises } from './fork/promises.ts'
import { WarmPool } from './fork/warm-pool.ts'
import { sweepForks } from './fork/sweep-forks.ts'
import { HostProbe } from './host/host-probe.ts'
import { ImageStore } from './images/image-store.ts'
import { ImageUsers } from './images/image-users.ts'
import { JobBook } from './jobs/job-book.ts'
import { sweepUnfinished } from './machine/create.ts'
import type { EngineContext } from './machine/engine-context.ts'
import { finishRestarts } from './machine/restart.ts'
import { LogKeeper } from './machine/log-keeper.ts'
import { MetricsBook } from './metrics/metrics-book.ts'
import { Machines } from './machine/machines.ts'
import { sweepTrash } from './machine/trash.ts'
import { RunBook } from './run/run-book.ts'
import { SettingsStore } from './settings/settings-store.ts'
import { type Folders, makeFolders } from './storage/folders.ts'
import { imagesFolder } from './storage/names.ts'
import { StreamDesk } from './streams/stream-desk.ts'
import { ForkHatchery } from './template/fork-hatchery.ts'
import { Templates } from './template/templates.ts'
import { mayflyVersion } from './version.ts'

export interface EngineOptions {
  readonly folders: Folders
  readonly log: EngineLog
  /** Who holds it, for people: `cli`, `serve`, `window`, `test`. */
  readonly holder: string
  /** Called when a client asks the engine to end. */
  readonly onShutdownRequest?: () => void
  /** Told what must happen although no engine may be there, whenever that changes. Kept by whoever outlives this engine. */
  readonly onPromises?: (promises: Promises) => void
}

/** The caller must hold the lock of the data folder. Resolves when every machine is listed and those that run are taken over. */
export async function createEngine(options: EngineOptions): Promise<EngineFace> {
  const { folders, log } = options
  makeFolders(folders)
  const startedAt = new Date().toISOString()
  const imageUsers = new ImageUsers()
  let runs: RunBook | null = null
  let templates: Templates | null = null
  const events: EventHub = new EventHub({
    onPublished: (body) => {
      if (body.type === 'machine.removed') runs?.machineGone(body.machine)
      // Its machines would run on with nobody waiting for them.
      if (body.type === 'run.changed') promises.unsettled(body.run.id, body.run.state === 'running')
      templates?.note(body)
      if (body.type !== 'machine.changed' && body.type !== 'machine.removed') return
      const machine = body.type === 'machine.changed' ? body.machine.id : body.machine
      const core = body.type === 'machine.changed' ? machines.byId(machine) : null
      if (core === null) promises.forget(machine)
      else promises.note(core)
      const other = imageUsers.note(machine, core === null ? null : { name: core.name, images: imagesOf(core.stored.config) })
      if (other.length === 0) return
      for (const image of images.list()) if (other.includes(image.id)) events.publish({ type: 'image.changed', image })
    },
  })
  const promises = new PromiseBook((owed) => {
    try {
      options.onPromises?.(owed)
    } catch (error) {
      log.info(`What must happen without an engine could not be written down: ${String(error)}`)
    }
  })
  const streams = new StreamDesk()
  const settings = new SettingsStore(folders.config)
  const host = new HostProbe(folders, settings)
  const reportBug = (error: unknown, doing: string): string => {
    const reference = randomBytes(4).toString('hex')
    log.bug(reference, new Error(doing, { cause: error }))
    return reference
  }
  const jobs = await JobBook.open({
    historyFile: join(folders.state, 'jobs.jsonl'),
    onChange: (job) => events.publish({ type: 'job.changed', job }),
    reportBug,
  })
  const images = await ImageStore.open({
    folder: imagesFolder(folders),
    cacheFolder: folders.cache,
    jobs,
    installation: () => host.installation(),
    usersOf: (image) => machines.all.filter((core) => imagesOf(core.stored.config).includes(image)).map((core) => core.name),
    onChange: (change) => events.publish(change.kind === 'removed' ? { type: 'image.removed', image: change.image } : { type: 'image.changed', image: change.image }),
  })
  const timesAt = new Map<string, number>()
  const context: EngineContext = {
    folders,
    events,
    jobs,
    images,
    streams,
    host,
    settings,
    log: (line) => log.info(line),
    appendEvent: (path, line) => {
      appendFile(path, line, { mode: 0o600 }).catch((error: unknown) => log.info(`${path} could not be written: ${String(error)}`))
    },
    atStep: (step) => {
      const nth = (timesAt.get(step) ?? 0) + 1
      timesAt.set(step, nth)
      if (process.env['MAYFLY_DIE_AT'] === (nth === 1 ? step : `${step}#${nth}`)) process.kill(process.pid, 'SIGKILL')
      // Stands still, so that a test can do harm to what it works on.
      if (process.env['MAYFLY_HALT_AT'] === step) process.kill(process.pid, 'SIGSTOP')
    },
    ended: (machine) => lifetimes.ended(machine),
    answersAgain: async (machine) => {
      const core = machines.byId(machine)
      if (core !== null) await settleAgain(core)
    },
    unsettled: (what, isUnsettled) => promises.unsettled(what, isUnsettled),
    isNameFree: (name, except) => machines.isNameFree(name, except),
    portOwner: (protocol, hostPort, except) => machines.portOwner(protocol, hostPort, except),
  }
  const machines = new Machines(context)
  const lifetimes = new Lifetimes(context, machines)
  // Forks last: what is removed of them goes by the trash.
  await Promise.all([sweepUnfinished(context), sweepTrash(folders)])
  await sweepForks(context)
  const found = await machines.open()
  await recoverAll(found)
  await lifetimes.open()
  for (const core of machines.all) imageUsers.note(core.id, { name: core.name, images: imagesOf(core.stored.config) })
  const metrics = new MetricsBook(() => machines.all, (line) => log.info(line))
  const pool: WarmPool = new WarmPool({ context, onChange: () => templateBook.poolChanged() })
  const templateBook: Templates = new Templates({ context, machines, pool })
  templates = templateBook
  await templateBook.open(found)
  const runBook = await RunBook.open({ context, hatchery: new ForkHatchery({ context, machines, pool, templates: templateBook, onLifeChange: () => lifetimes.look() }), reportBug })
  runs = runBook
  await runBook.buryOrphans()
  promises.open(machines.all)
  let isSettling = true
  void finishRestarts(found).finally(() => {
    isSettling = false
  })
  const logKeeper = new LogKeeper(machines, (line) => log.info(line))

  const obligations = (): string[] => [
    ...lifetimes.obligations(),
    ...machines.all.filter((core) => hasProcess(core.state)).map((core) => `keeping the logs of ${core.name}`),
    ...runBook.running.map((run) => `finishing run ${run.number} of ${run.template.name}`),
    ...jobs.list().filter((job) => job.state === 'running').map((job) => `a job: ${job.title}`),
  ]
  const parts: EngineParts = {
    context,
    machines,
    lifetimes,
    pool,
    metrics,
    templates: templateBook,
    runs: runBook,
    info: (): EngineInfo => ({ version: mayflyVersion, contract: contractHash, pid: process.pid, startedAt, holder: options.holder, residentBytes: process.memoryUsage.rss(), obligations: obligations() }),
    promised: () => {
      const running = machines.all.filter((core) => hasProcess(core.state)).map((core) => core.summary())
      return { memoryMiB: running.reduce((sum, row) => sum + row.memoryMiB, 0), cpus: running.reduce((sum, row) => sum + row.cpus, 0) }
    },
    snapshot: () => ({ machines: machines.list(), jobs: jobs.list(), images: images.list(), templates: templateBook.list(), runs: runBook.recent() }),
    reportBug,
    requestShutdown: () => options.onShutdownRequest?.(),
  }
  return {
    router: createRouter(parts),
    streams,
    obligations,
    isSettling: () => isSettling,
    async close() {
      logKeeper.close()
      const removals = lifetimes.close()
      metrics.close()
      await runBook.close()
      await pool.close()
      await jobs.close()
      await machines.close()
      await removals
      promises.close()
      streams.close()
      events.close()
    },
  }
}

/** The images a machine uses, each once; of disks it has layers of its own. */
function imagesOf(config: MachineConfig | null): string[] {
  const images = [config?.directBoot?.image, ...(config?.cdroms ?? []).map((drive) => drive.image)]
  return [...new Set(images.filter((image) => image !== undefined && image !== null))]
}
