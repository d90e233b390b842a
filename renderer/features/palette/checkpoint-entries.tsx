/** What the palette can do with checkpoints: those of machines that have any. */
import { GitBranch, GitFork, History, Pencil, Trash2, Upload } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import type { Checkpoint } from '../../../contract/checkpoint.ts'
import type { MachineSummary } from '../../../contract/machine.ts'
import { shellWord } from '../../../contract/shell-word.ts'
import { forkNow } from '../../state/forking.tsx'
import { whyNot } from '../../state/machine-actions.ts'
import { openOverlay } from '../../state/overlay.ts'
import type { CheckpointDialog } from '../../state/overlay.ts'
import { fetchTimelines, useKnownTimelines } from '../../state/timeline.ts'
import { text } from '../../text/text.ts'
import type { PaletteEntry } from './find-entries.ts'

/** Trees of more machines than these are not asked for when the palette opens. */
const askedAtMost = 30

const dialogs = ['restore', 'branch', 'rename', 'export', 'delete'] as const satisfies readonly CheckpointDialog[]
const icons: Readonly<Record<(typeof dialogs)[number], LucideIcon>> = { restore: History, branch: GitBranch, rename: Pencil, export: Upload, delete: Trash2 }

export function useCheckpointEntries(machines: readonly MachineSummary[]): PaletteEntry[] {
  const known = useKnownTimelines()
  useEffect(() => {
    const abort = new AbortController()
    void fetchTimelines(machines.filter(({ checkpoints, role }) => checkpoints > 0 && role === 'machine').slice(0, askedAtMost).map(({ id }) => id), abort.signal)
    return () => abort.abort()
    // Once, when the palette opens.
  }, [])
  return useMemo(() => machines.filter((machine) => machine.role === 'machine' && whyNot('checkpoint', machine) === undefined).flatMap((machine) => (known[machine.id]?.timeline?.checkpoints ?? []).flatMap((checkpoint) => entriesOf(machine, checkpoint))), [machines, known])
}

function entriesOf(machine: MachineSummary, { id, label, neededBy, broken }: Checkpoint): PaletteEntry[] {
  const target = `${shellWord(machine.name)} ${shellWord(label)}`
  const usable = dialogs.filter((what) => what === 'rename' || (what === 'delete' ? neededBy.length === 0 : broken === null))
  const fork: PaletteEntry[] = broken !== null ? [] : [{ key: `fork at ${id}`, group: 'do', label: text.palette.ofCheckpoint(text.timeline.fork, label, machine.name), fact: '', icon: <GitFork size={16} strokeWidth={1.75} aria-hidden />, command: `mayfly fork ${shellWord(machine.name)} --from ${shellWord(label)}`, run: () => void forkNow(machine, { checkpoint: id }) }]
  return [
    ...fork,
    ...usable.map((what): PaletteEntry => {
      const Icon = icons[what]
      return { key: `${what} ${id}`, group: 'do', label: text.palette.ofCheckpoint(text.timeline[what], label, machine.name), fact: text.palette.asksFirst, icon: <Icon size={16} strokeWidth={1.75} aria-hidden />, danger: what === 'delete', ...(what === 'restore' || what === 'branch' || what === 'delete' ? { command: `mayfly checkpoint ${what} ${target}` } : {}), run: () => setTimeout(() => openOverlay({ kind: 'checkpoint', what, machine: machine.id, checkpoint: id })) }
    }),
  ]
}
