/**
 * Everything that can be done to a machine with one press: what it is called, when it can be
 * done, and why not otherwise. Buttons, menus, keys and the palette all take it from here. The
 * engine has the last word; this only keeps people from asking in vain.
 */
import type { LucideIcon } from 'lucide-react'
import { BookmarkPlus, CirclePlay, Copy, GitFork, Hourglass, Pause, Play, Power, PowerOff, RotateCcw, RotateCw, Trash2, Unlink } from 'lucide-react'
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineState } from '../../contract/machine-state.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../text/text.ts'
import { attempt } from './attempt.ts'
import { engine } from './connection.ts'
import { forkNow } from './forking.tsx'
import { isPassing } from './machine-life.ts'
import type { MachineVerb } from './machine-verb.ts'
import { askFirst, openOverlay } from './overlay.ts'
import type { Overlay } from './overlay.ts'
import { restartMachine } from './restart.ts'

export interface MachineAction {
  readonly verb: MachineVerb
  readonly icon: LucideIcon
  /** States of the machine in which it can be done. */
  readonly states: readonly MachineState[]
  /** Asks before it does: data or work may be lost. */
  readonly asks: boolean
  /** Why this machine can never take it. */
  readonly never?: (machine: MachineSummary) => string | undefined
  /** What is asked of whoever does it to one machine. Done to many, it goes without. */
  readonly dialog?: (machine: MachineSummary) => Overlay
  /** It tells itself what went wrong, and resolves to whether it was done. */
  readonly tells?: boolean
  readonly run: (machine: MachineSummary) => Promise<unknown>
}

const atRest = ['stopped', 'crashed'] as const
const saveable = [...atRest, 'running', 'paused'] as const

async function deleteMachine({ id, state, throwaway }: MachineSummary): Promise<void> {
  try {
    await engine.machine.delete({ machine: id, force: !atRest.includes(state as 'stopped') && state !== 'broken' })
  } catch (error) {
    // A throwaway that is switched off may be gone before it can be deleted: so it was wanted.
    if (!throwaway || !isMayflyError(error, 'not-found')) throw error
  }
}

const list: readonly MachineAction[] = [
  { verb: 'start', icon: Play, states: atRest, asks: false, run: ({ id }) => engine.machine.start({ machine: id }) },
  { verb: 'pause', icon: Pause, states: ['running'], asks: false, run: ({ id }) => engine.machine.pause({ machine: id }) },
  { verb: 'resume', icon: CirclePlay, states: ['paused'], asks: false, run: ({ id }) => engine.machine.resume({ machine: id }) },
  { verb: 'shutDown', icon: Power, states: ['running', 'stopping'], asks: false, run: ({ id }) => engine.machine.stop({ machine: id }) },
  { verb: 'switchOff', icon: PowerOff, states: ['running', 'paused', 'starting', 'stopping', 'unknown'], asks: true, run: ({ id }) => engine.machine.stop({ machine: id, force: true }) },
  { verb: 'restart', icon: RotateCw, states: ['running', 'paused'], asks: false, never: ({ throwaway, name }) => (throwaway ? text.cannotThrowaway(name) : undefined), run: (machine) => restartMachine(machine) },
  { verb: 'reset', icon: RotateCcw, states: ['running', 'paused'], asks: true, run: ({ id }) => engine.machine.reset({ machine: id }) },
  { verb: 'checkpoint', icon: BookmarkPlus, states: saveable, asks: false, dialog: ({ id }) => ({ kind: 'take-checkpoint', machine: id }), run: ({ id }) => engine.checkpoint.take({ machine: id }) },
  { verb: 'fork', icon: GitFork, states: saveable, asks: false, tells: true, run: (machine) => forkNow(machine) },
  { verb: 'clone', icon: Copy, states: atRest, asks: false, run: ({ id, name }) => engine.machine.clone({ machine: id, name: text.machine.copyName(name) }) },
  { verb: 'promote', icon: Unlink, states: saveable, asks: false, never: ({ origin, name }) => (origin === null ? text.cannotNoFork(name) : undefined), run: ({ id }) => engine.machine.promote({ machine: id }) },
  { verb: 'keep', icon: Hourglass, states: [...saveable, 'starting', 'stopping', 'unknown'], asks: false, never: (machine) => (isPassing(machine) ? undefined : text.cannotStays(machine.name)), run: ({ id }) => engine.machine.setLife({ machine: id, throwaway: false, ttlSeconds: null }) },
  { verb: 'delete', icon: Trash2, states: ['stopped', 'crashed', 'broken', 'running', 'paused', 'unknown'], asks: true, run: deleteMachine },
]

export const machineActions: Readonly<Record<MachineVerb, MachineAction>> = Object.fromEntries(list.map((action) => [action.verb, action])) as Record<MachineVerb, MachineAction>

/** What a template, which is only forked, can take. */
const ofTemplates: readonly MachineVerb[] = ['fork', 'delete']

/** Why it cannot be done now; undefined where it can. */
export function whyNot(verb: MachineVerb, machine: MachineSummary): string | undefined {
  const { states, never } = machineActions[verb]
  if (machine.role === 'template' && !ofTemplates.includes(verb)) return text.cannotTemplate(text.verb[verb], machine.name)
  return never?.(machine) ?? (states.includes(machine.state) ? undefined : text.cannot(text.verb[verb], machine.name, text.state[machine.state]))
}

/** Does it, asking first where that is due. What goes wrong is kept with the machine. */
export function perform(verb: MachineVerb, machine: MachineSummary): void {
  const { asks, dialog } = machineActions[verb]
  if (asks) askFirst(verb, [machine.id])
  else if (dialog !== undefined) openOverlay(dialog(machine))
  else void performNow(verb, machine)
}

/** Resolves to whether it was done. */
export async function performNow(verb: MachineVerb, machine: MachineSummary): Promise<boolean> {
  const { run, tells = false } = machineActions[verb]
  if (tells) return (await run(machine)) === true
  return (await attempt(machine.id, text.verbOf(verb, machine.name), async () => {
    await run(machine)
    return true
  })) === true
}

/** How many of many are done at once: the rest wait, so that the host is not asked for everything in one moment. */
const atOnce = 4

/** Does it to all, a few at a time. `onDone` is called for each that was done. */
export async function performOnAll(verb: MachineVerb, machines: readonly MachineSummary[], onDone: (machine: MachineSummary) => void = () => undefined): Promise<void> {
  const waiting = [...machines]
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let machine = waiting.shift(); machine !== undefined; machine = waiting.shift()) if (await performNow(verb, machine)) onDone(machine)
  }))
}

/** Space: whatever moves it on. */
const toggles = ['pause', 'resume', 'start'] as const satisfies readonly MachineVerb[]

/** Does to all of them the first of pausing, resuming and starting that any of them can take; those that cannot are left as they are. */
export function toggleAll(machines: readonly MachineSummary[]): void {
  for (const verb of toggles) {
    const able = machines.filter((machine) => whyNot(verb, machine) === undefined)
    if (able.length > 0) return void performOnAll(verb, able)
  }
}
