/**
 * Forks between the folder and the guest: made while their parent is frozen, begun when it goes on. A QEMU
 * needs longer to start than all the rest together, and nothing of the parent's moment before its state is
 * loaded: that of a single fork is started at once. It may open layers that the parent still writes to, as the
 * target of a migration over shared storage does: QEMU reads what it had read of them again before its CPUs go.
 */
import { join } from 'node:path'
import type { MachineId } from '../../contract/ids.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import { freePorts } from '../machine/host-ports.ts'
import { randomIdentity } from '../machine/identity.ts'
import { launchAhead, type Launched, type LaunchPlan, layUnder, planLaunch } from '../machine/launch.ts'
import { MachineCore } from '../machine/machine-core.ts'
import type { Life } from '../machine/machine-documents.ts'
import type { Machines } from '../machine/machines.ts'
import { beginFork, start } from '../machine/power.ts'
import type { SavedPoint } from '../machine/saved-point.ts'
import type { Hardware } from '../qemu/argv/hardware.ts'
import { renewIdentity } from '../qemu/argv/plan-hardware.ts'
import { machinesFolder } from '../storage/names.ts'
import { makeForkFolder } from './fork-folder.ts'
import { markMaking } from './fork-marks.ts'
import type { ForkRequest } from './fork-request.ts'
import type { ForkSource } from './fork-source.ts'

/** A fork whose folder is made and whose guest is not. */
export interface Draft {
  readonly core: MachineCore
  /** What its launch needs besides, where that could be prepared before the parent was frozen. */
  readonly plan: LaunchPlan | undefined
  /** Its QEMU, being started while the parent is frozen; null where that failed. */
  readonly ahead: Promise<Launched | null> | undefined
}

/** The folders of all forks, each with a machine that nobody hears of yet. On a failure the caller removes what is there. */
export async function makeDrafts(parent: MachineCore, source: ForkSource, ids: readonly MachineId[], names: readonly string[], life: Life, fill?: ForkRequest['fill']): Promise<Draft[]> {
  const { context } = parent
  const nics = await newForwards(source.config, ids.length)
  const drafts = ids.map(async (id, index): Promise<Draft> => {
    const config = { ...source.config, name: names[index] ?? id, nics: nics[index] ?? [] }
    await markMaking(context, id)
    context.atStep('fork.folder')
    const folder = join(machinesFolder(context.folders), id)
    const stored = await makeForkFolder({ id, folder, config, hardware: hardwareOfFork(source), life, parent: parent.names, layers: source.layers, sizes: source.sizes, media: source.media, fill })
    const core = new MachineCore(context, id, folder, stored, false)
    core.durable = false
    // Firmware and TPM must have their state before: it comes with the freeze.
    const plan = source.withRam && !source.hasFirmware ? await planLaunch(core, { newGeneration: false, accelerator: source.accelerator }) : undefined
    // Several would take the CPUs from a parent that stands still.
    return { core, plan, ahead: plan !== undefined && ids.length === 1 ? startAhead(core, plan) : undefined }
  })
  const outcomes = await Promise.allSettled(drafts)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

function startAhead(core: MachineCore, plan: LaunchPlan): Promise<Launched | null> {
  return core.queue
    .run((signal) => launchAhead(core, signal, plan))
    .catch((error: unknown) => {
      core.context.log(`${core.id}: its QEMU could not be started ahead: ${String(error)}`)
      return null
    })
}

/** A QEMU that stands ready for the state, with its RAM; null where it must be started now. */
async function readyAhead({ core, ahead }: Draft, from: SavedPoint): Promise<Launched | null> {
  const launched = (await ahead) ?? null
  if (launched === null) return null
  try {
    await layUnder(core, launched, from.ram)
    return launched
  } catch (error) {
    core.context.log(`${core.id}: its QEMU is started anew: ${String(error)}`)
    return null
  }
}

/** A guest that goes on in a fork keeps what it saw of its hardware; one that boots gets an identity of its own. Both are told that they are copies. */
function hardwareOfFork({ hardware, withRam }: ForkSource): Hardware | null {
  if (hardware === null) return null
  return withRam ? { ...hardware, generationId: randomIdentity.uuid() } : renewIdentity(hardware, randomIdentity)
}

/** The network cards of each fork, with free ports of the host. */
export async function newForwards(config: MachineConfig, count: number): Promise<MachineConfig['nics'][]> {
  const wanted = config.nics.flatMap((nic) => nic.network.forwards)
  const ports = await freePorts(Array.from({ length: count }, () => wanted).flat())
  return Array.from({ length: count }, () =>
    config.nics.map((nic) => ({ ...nic, network: { ...nic.network, forwards: nic.network.forwards.map((forward) => ({ ...forward, hostPort: ports.shift() ?? forward.hostPort })) } })),
  )
}

/** Lists a fork and lets its guest go on, or boot; answers with the moment in which its CPUs went. Throws what a start throws; what is left is the caller's to remove. */
export async function beginDraft(machines: Machines, draft: Draft, from: SavedPoint | null, then: 'run' | 'pause'): Promise<number> {
  const { core } = draft
  core.context.atStep('fork.begin')
  machines.enlist(core)
  if (from === null) {
    await start(core, then)
    return performance.now()
  }
  return core.queue.run(async (signal) => {
    core.enter('starting')
    try {
      const waiting = await readyAhead(draft, from)
      const wentAt = await beginFork(core, signal, from, then, waiting !== null ? { waiting } : draft.ahead === undefined ? { plan: draft.plan } : {})
      core.context.atStep('fork.begun')
      return wentAt
    } catch (error) {
      if (core.state === 'starting') core.enter('stopped')
      throw error
    }
  })
}
