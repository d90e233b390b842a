/** A measured figure and what is asked of it. A figure that could not be measured has no value and says why. */

export interface Goal {
  readonly name: FigureName
  /** What is measured, for people. */
  readonly what: string
  readonly unit: 'ratio' | 'ms' | 'MB' | 'kB' | '%' | 'fps'
  /** At most this, or at least where more is better; beyond it a figure is missed. */
  readonly must: number
  /** What we want. */
  readonly aim: number
  readonly moreIsBetter?: boolean
  /** Measured in windows, which root has none of: see build/bench.mjs. */
  readonly inWindows?: boolean
}

export interface Measured {
  readonly value: number
  /** Single measurements, each in the order in which it was taken. */
  readonly samples: Readonly<Record<string, readonly number[]>>
  /** Other numbers of the same run that help to read the value. */
  readonly beside?: Readonly<Record<string, number | string | null>>
}

export type Figure = Goal &
  (
    | ({ readonly met: 'aim' | 'must' | 'missed' } & Measured)
    | { readonly met: null; readonly value: null; readonly reason: string }
  )

export const figureNames = ['start', 'list', 'engine-list', 'adopt', 'memory', 'event', 'flood', 'fork', 'fork-bare', 'fork-uefi', 'fork-warm', 'fork-first', 'fork-fifty', 'run', 'fork-size', 'fork-of-fork', 'pause', 'pause-disk', 'restore', 'ram-storage', 'window-start', 'window-scripts', 'window-scroll', 'window-heap', 'window-screen', 'window-key', 'window-idle'] as const
export type FigureName = (typeof figureNames)[number]

export const goals = {
  start: { name: 'start', what: 'From the call to the first serial byte of the guest, as a multiple of bare QEMU with the same arguments', unit: 'ratio', must: 1.15, aim: 1.05 },
  list: { name: 'list', what: 'mayfly list with 500 machines, the whole process, beyond node -e 0', unit: 'ms', must: 150, aim: 80 },
  'engine-list': { name: 'engine-list', what: 'The engine\'s own list call with 500 machines, validation included', unit: 'ms', must: 10, aim: 2 },
  adopt: { name: 'adopt', what: 'Start of an engine that finds 500 machines, 20 of them with a process, until it answers with all of them in their states', unit: 'ms', must: 1500, aim: 700 },
  memory: { name: 'memory', what: 'Resident memory of that engine', unit: 'MB', must: 150, aim: 100 },
  event: { name: 'event', what: 'From QEMU\'s own time stamp of an event to the line of mayfly watch', unit: 'ms', must: 20, aim: 5 },
  flood: { name: 'flood', what: 'The engine\'s slowest hundredth of answers while a guest floods its serial port: an upper bound of its event-loop delay', unit: 'ms', must: 50, aim: 20 },
  fork: { name: 'fork', what: 'From the call for a fork of a running machine until its CPUs run; no QEMU waits beforehand', unit: 'ms', must: 130, aim: 90 },
  'fork-size': { name: 'fork-size', what: 'A fork of a machine with 4 GiB, 1 GiB of them in use, as a multiple of one with 256 MiB', unit: 'ratio', must: 1.3, aim: 1.1 },
  'fork-of-fork': { name: 'fork-of-fork', what: 'A fork of a fork as a multiple of a fork', unit: 'ratio', must: 1.5, aim: 1.1 },
  pause: { name: 'pause', what: 'How long a machine with 1 GiB in use stands still while it is forked', unit: 'ms', must: 100, aim: 50 },
  'pause-disk': { name: 'pause-disk', what: 'How long a machine with UEFI, a TPM and two disks stands still while its disks alone are saved', unit: 'ms', must: 30, aim: 10 },
  restore: { name: 'restore', what: 'Restore of a checkpoint with RAM, 1 GiB in use: from the call until the machine runs', unit: 'ms', must: 200, aim: 100 },
  'ram-storage': { name: 'ram-storage', what: 'Disk space of 20 checkpoints with RAM of an idle machine with 1 GiB, as a multiple of one', unit: 'ratio', must: 4, aim: 1.5 },
  'fork-bare': { name: 'fork-bare', what: 'A fork of a running machine, as a multiple of the same steps by a bare script', unit: 'ratio', must: 1.3, aim: 1.1 },
  'fork-uefi': { name: 'fork-uefi', what: 'From the call for a fork of a running machine with UEFI until its CPUs run; no QEMU waits beforehand', unit: 'ms', must: 220, aim: 180 },
  'fork-warm': { name: 'fork-warm', what: 'A fork of a template while one waits, from the call until its CPUs run', unit: 'ms', must: 45, aim: 25 },
  'fork-first': { name: 'fork-first', what: 'The first command in a fresh fork of a template; the tenth beside it', unit: 'ms', must: 400, aim: 250 },
  run: { name: 'run', what: 'mayfly run TEMPLATE -- true while a fork waits, the whole process, beyond node -e 0', unit: 'ms', must: 800, aim: 400 },
  'fork-fifty': { name: 'fork-fifty', what: 'Fifty forks of the tiny template, until all run; what each takes of memory beside it', unit: 'ms', must: 12_000, aim: 6_000 },
  'window-start': { name: 'window-start', what: 'From the start of the app to a list of 50 machines that can be used, as a multiple of the same Electron\'s empty window', unit: 'ratio', must: 2, aim: 1.4, inWindows: true },
  'window-scripts': { name: 'window-scripts', what: 'JavaScript the window loads before it first paints, compressed', unit: 'kB', must: 400, aim: 250, inWindows: true },
  'window-scroll': { name: 'window-scroll', what: 'Frames a second while the list of 500 machines, 20 of them live, is scrolled and searched', unit: 'fps', must: 50, aim: 60, moreIsBetter: true, inWindows: true },
  'window-heap': { name: 'window-heap', what: 'The page\'s heap after its consoles were opened and closed a hundred times, against after ten', unit: 'ratio', must: 1.1, aim: 1, inWindows: true },
  'window-screen': { name: 'window-screen', what: 'Pictures a second on the screen console of a guest that changes all of its 1280x800 pixels', unit: 'fps', must: 25, aim: 33, moreIsBetter: true, inWindows: true },
  'window-key': { name: 'window-key', what: 'From a key to the pixel it changes, as a multiple of the same viewer straight on QEMU', unit: 'ratio', must: 1.2, aim: 1, inWindows: true },
  'window-idle': { name: 'window-idle', what: 'CPU of all our processes while nobody does anything and ten machines run', unit: '%', must: 3, aim: 1, inWindows: true },
} as const satisfies Record<FigureName, Goal>

export function isInWindows(name: FigureName): boolean {
  const goal: Goal = goals[name]
  return goal.inWindows === true
}

/** Holds a measurement against its goal. */
export function judge(goal: Goal, measured: Measured): Figure {
  const reaches = (limit: number): boolean => (goal.moreIsBetter === true ? measured.value >= limit : measured.value <= limit)
  const met = reaches(goal.aim) ? 'aim' : reaches(goal.must) ? 'must' : 'missed'
  return {
    ...goal,
    value: rounded(measured.value),
    met,
    beside: mapValues(measured.beside ?? {}, (value) => (typeof value === 'number' ? rounded(value) : value)),
    samples: mapValues(measured.samples, (samples) => samples.map(rounded)),
  }
}

export function unmeasured(goal: Goal, reason: string): Figure {
  return { ...goal, value: null, met: null, reason }
}

/** The middle of the sorted values. Throws where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  if (low === undefined || high === undefined) throw new Error('There is no median of nothing.')
  return (low + high) / 2
}

/** The median of the differences between what was measured right after one another: a load that comes and goes weighs on both. */
export function medianDifference(values: readonly number[], base: readonly number[]): number {
  return median(values.flatMap((value, index) => {
    const other = base[index]
    return other === undefined ? [] : [value - other]
  }))
}

/** Three decimals tell apart whatever can be measured here. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}

function mapValues<V, W>(record: Readonly<Record<string, V>>, change: (value: V) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
}
