/** What the palette can do with discs and cables: those of machines that have drives and network cards. */
import { Cable, Disc3, CircleArrowUp, Unplug } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { Image } from '../../../contract/image.ts'
import type { MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import { shellWord } from '../../../contract/shell-word.ts'
import { attempt } from '../../state/attempt.ts'
import { engine } from '../../state/connection.ts'
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'
import type { PaletteEntry } from './find-entries.ts'

/** More machines than these are not asked for when the palette opens. */
const askedAtMost = 30
const look = { size: 16, strokeWidth: 1.75, 'aria-hidden': true } as const

export function useDeviceEntries(machines: readonly MachineSummary[]): PaletteEntry[] {
  const images = useMirror(({ images }) => images)
  const [known, setKnown] = useState<readonly MachineDetails[]>([])
  useEffect(() => {
    const abort = new AbortController()
    const asked = machines.filter(({ role, state }) => role === 'machine' && state !== 'broken').slice(0, askedAtMost)
    void Promise.allSettled(asked.map(({ id }) => engine.machine.show({ machine: id }, { signal: abort.signal }))).then((answers) => {
      if (!abort.signal.aborted) setKnown(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])))
    })
    return () => abort.abort()
    // Once, when the palette opens.
  }, [])
  return useMemo(() => {
    const discs = images.filter(({ kind, broken }) => kind === 'iso' && broken === null)
    return known.flatMap((machine) => [...discEntries(machine, discs), ...cableEntries(machine)])
  }, [known, images])
}

function discEntries({ id, name, config }: MachineDetails, discs: readonly Image[]): PaletteEntry[] {
  return (config?.cdroms ?? []).flatMap((drive) => {
    const inserts = discs.filter((disc) => disc.id !== drive.image).map((disc): PaletteEntry => {
      const label = text.palette.insert(disc.name, name)
      return { key: `insert ${disc.id} ${drive.id} ${id}`, group: 'do', label, fact: drive.id, icon: <Disc3 {...look} />, command: `mayfly cd insert ${shellWord(name)} ${shellWord(disc.name)} --drive ${drive.id}`, run: () => void attempt(id, label, () => engine.cdrom.insert({ machine: id, image: disc.id, drive: drive.id })) }
    })
    if (drive.image === null) return inserts
    const label = text.palette.eject(name)
    const eject: PaletteEntry = { key: `eject ${drive.id} ${id}`, group: 'do', label, fact: discs.find((disc) => disc.id === drive.image)?.name ?? drive.id, icon: <CircleArrowUp {...look} />, command: `mayfly cd eject ${shellWord(name)} --drive ${drive.id}`, run: () => void attempt(id, label, () => engine.cdrom.eject({ machine: id, drive: drive.id })) }
    return [eject, ...inserts]
  })
}

function cableEntries({ id, name, config }: MachineDetails): PaletteEntry[] {
  return (config?.nics ?? []).map((nic): PaletteEntry => {
    const Icon = nic.connected ? Unplug : Cable
    const label = text.palette.cable(!nic.connected, name)
    return { key: `cable ${nic.id} ${id}`, group: 'do', label, fact: nic.id, icon: <Icon {...look} />, command: `mayfly nic connect ${shellWord(name)} ${nic.id}${nic.connected ? ' --no-connected' : ''}`, run: () => void attempt(id, label, () => engine.nic.connect({ machine: id, nic: nic.id, connected: !nic.connected })) }
  })
}
