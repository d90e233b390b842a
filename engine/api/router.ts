/** The contract, carried out: each procedure finds what it is about and hands over. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import type { EngineRouter } from '../engine-face.ts'
import { createMachine } from '../machine/create.ts'
import { cloneMachine } from '../machine/clone.ts'
import { machineDetails } from '../machine/details.ts'
import { changeSettings, dropPending, rename, setBootOrder } from '../machine/edit.ts'
import { importAppliance, inspectAppliance } from '../machine/import-appliance.ts'
import { followMachineLog, readLog } from '../machine/log-sources.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import { pause, reset, resume, start, stop } from '../machine/power.ts'
import { pressKeys } from '../machine/press-keys.ts'
import { restart } from '../machine/restart.ts'
import { takeScreenshot } from '../machine/screenshot.ts'
import { putInTrash } from '../machine/trash.ts'
import { waitFor } from '../machine/wait.ts'
import type { EngineParts } from './engine-parts.ts'
import { forkProcedures } from './fork-procedures.ts'
import { checkpointProcedures } from './checkpoint-procedures.ts'
import { deviceProcedures } from './device-procedures.ts'
import { guestProcedures } from './guest-procedures.ts'
import { runProcedures } from './run-procedures.ts'
import { storeProcedures } from './store-procedures.ts'

/** Builds the router over the engine's parts. */
export function createRouter(parts: EngineParts): EngineRouter {
  const { context, machines } = parts
  const os = implement(contract)
  /** Runs a command on a machine and answers with its row. */
  const then = async (ref: string, command: (core: MachineCore) => Promise<void>) => {
    const core = await machines.findAnew(ref)
    await command(core)
    return core.summary()
  }
  return {
    engine: {
      info: os.engine.info.handler(() => parts.info()),
      shutdown: os.engine.shutdown.handler(() => {
        parts.requestShutdown()
        return { pid: process.pid }
      }),
    },
    host: {
      show: os.host.show.handler(({ input }) => context.host.info(parts.promised(), input.remeasure)),
      doctor: os.host.doctor.handler(() => context.host.doctor()),
    },
    machine: {
      list: os.machine.list.handler(({ input }) => machines.list().filter((row) => (input.tag === undefined || row.tags.includes(input.tag)) && (input.state === undefined || row.state === input.state))),
      show: os.machine.show.handler(async ({ input }) => machineDetails(await machines.findAnew(input.machine))),
      create: os.machine.create.handler(async ({ input }) => {
        const core = await createMachine(context, machines, input)
        if (input.ttlSeconds !== undefined) parts.lifetimes.look()
        if (input.start) await start(core)
        return core.summary()
      }),
      start: os.machine.start.handler(({ input }) => then(input.machine, start)),
      stop: os.machine.stop.handler(({ input, signal }) => then(input.machine, (core) => stop(core, { force: input.force, timeoutSeconds: input.timeoutSeconds, signal }))),
      restart: os.machine.restart.handler(({ input, signal }) => then(input.machine, (core) => restart(core, { force: input.force, timeoutSeconds: input.timeoutSeconds, signal }))),
      pause: os.machine.pause.handler(({ input }) => then(input.machine, pause)),
      resume: os.machine.resume.handler(({ input }) => then(input.machine, resume)),
      reset: os.machine.reset.handler(({ input }) => then(input.machine, reset)),
      rename: os.machine.rename.handler(({ input }) => then(input.machine, (core) => rename(core, machines, input.name))),
      set: os.machine.set.handler(async ({ input: { machine, ...changes } }) => {
        const core = machines.find(machine)
        await changeSettings(core, changes)
        return machineDetails(core)
      }),
      setBootOrder: os.machine.setBootOrder.handler(async ({ input }) => {
        const core = machines.find(input.machine)
        await setBootOrder(core, input.devices)
        return machineDetails(core)
      }),
      dropPending: os.machine.dropPending.handler(async ({ input }) => {
        const core = machines.find(input.machine)
        await dropPending(core, input.fields)
        return machineDetails(core)
      }),
      clone: os.machine.clone.handler(({ input }) => cloneMachine(machines.find(input.machine), machines, input.name)),
      inspectAppliance: os.machine.inspectAppliance.handler(({ input }) => inspectAppliance(input.file)),
      import: os.machine.import.handler(({ input }) => importAppliance(context, machines, input)),
      delete: os.machine.delete.handler(({ input }) => putInTrash(machines.find(input.machine), machines, input.force)),
      wait: os.machine.wait.handler(({ input, signal }) => then(input.machine, (core) => waitFor(core, input.for, input.timeoutMs, signal))),
      screenshot: os.machine.screenshot.handler(async ({ input }) => ({ mediaType: 'image/png' as const, base64: (await takeScreenshot(machines.find(input.machine))).toString('base64') })),
      pressKeys: os.machine.pressKeys.handler(({ input, signal }) => then(input.machine, (core) => pressKeys(core, input.presses, signal))),
      log: os.machine.log.handler(({ input }) => readLog(machines.find(input.machine), input.source, input.tailBytes)),
      ...forkProcedures(parts),
      followLog: os.machine.followLog.handler(({ input, signal }) => followMachineLog(machines.find(input.machine), input.source, input, signal)),
    },
    ...checkpointProcedures(parts),
    ...deviceProcedures(parts),
    ...guestProcedures(parts),
    ...storeProcedures(parts),
    ...runProcedures(parts),
    metrics: {
      watch: os.metrics.watch.handler(({ signal }) => parts.metrics.watch(signal)),
      history: os.metrics.history.handler(({ input }) => parts.metrics.history(machines.find(input.machine).id)),
    },
    events: {
      watch: os.events.watch.handler(({ signal }) => context.events.subscribe({ snapshot: () => parts.snapshot(), signal })),
    },
  }
}
