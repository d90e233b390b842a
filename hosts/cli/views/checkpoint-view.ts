/** Checkpoints for people: the tree with where the machine stands now, one of them, and what differs between two. */
import type { Checkpoint, CheckpointDiff, Timeline } from '../../../contract/checkpoint.ts'
import { bytesShown, memoryShown, timeShown } from '../quantities.ts'
import { safeLine } from '../safe-text.ts'
import { paint, type Style } from '../style.ts'
import { type Cell, facts, table } from '../table.ts'

export function checkpointTree({ checkpoints, present, ramBlockers }: Timeline, style: Style): string {
  if (checkpoints.length === 0) return 'No checkpoints. Take one: mayfly checkpoint take NAME "before upgrade"\n'
  const known = new Set<string>(checkpoints.map(({ id }) => id))
  const childrenOf = (parent: string | null): Checkpoint[] => checkpoints.filter((one) => (one.parent !== null && known.has(one.parent) ? one.parent : null) === parent)
  const rows: Cell[][] = []
  const presentParent = present.parent !== null && known.has(present.parent) ? present.parent : null
  const walk = (parent: string | null, indent: string): void => {
    const children = childrenOf(parent)
    const isHere = presentParent === parent
    for (const [index, checkpoint] of children.entries()) {
      const isLast = index === children.length - 1 && !isHere
      const [branch, below] = parent === null ? ['', ''] : isLast ? ['└─ ', '   '] : ['├─ ', '│  ']
      rows.push(rowOf(checkpoint, `${indent}${branch}`))
      walk(checkpoint.id, `${indent}${below}`)
    }
    if (isHere) rows.push([{ text: `${indent}${parent === null ? '' : '└─ '}● now`, colour: 'green' }, '', '', present.ownDiskBytes === 0 ? '' : bytesShown(present.ownDiskBytes), '', ''])
  }
  walk(null, '')
  const blocked = ramBlockers.map((sentence) => paint(style, 'dim', `No RAM checkpoint now: ${safeLine(sentence)}\n`)).join('')
  return table([{ title: 'CHECKPOINT', cutTo: 20 }, { title: 'KIND' }, { title: 'TAKEN' }, { title: 'OWN', align: 'right' }, { title: 'SHARED', align: 'right' }, { title: 'ID' }], rows, style) + blocked
}

function rowOf(checkpoint: Checkpoint, indent: string): Cell[] {
  const { label, broken, ramRefused, kind, sizes, takenAt, id } = checkpoint
  const name: Cell = broken === null ? `${indent}${label}` : { text: `${indent}✖ ${label}: ${broken}`, colour: 'red' }
  const shown = kind === 'ram' ? (ramRefused === null ? 'RAM' : 'RAM, not usable') : 'disks'
  return [name, shown, timeShown(takenAt), bytesShown(sizes.ownDiskBytes + sizes.ownRamBytes), bytesShown(sizes.sharedBytes), id]
}

export function checkpointDetails(checkpoint: Checkpoint, style: Style): string {
  const { sizes, madeWith } = checkpoint
  return facts(
    [
      ['checkpoint', checkpoint.label],
      ['id', checkpoint.id],
      ['broken', checkpoint.broken === null ? undefined : { text: checkpoint.broken, colour: 'red' }],
      ['about', checkpoint.description],
      ['holds', `${checkpoint.kind === 'ram' ? 'disks and RAM' : 'disks'}${checkpoint.hasNvram ? ', UEFI variables' : ''}${checkpoint.hasTpm ? ', TPM' : ''}`],
      ['RAM', checkpoint.ramRefused === null ? undefined : { text: `cannot be used: ${checkpoint.ramRefused}`, colour: 'yellow' }],
      ['taken', timeShown(checkpoint.takenAt)],
      ['machine', `${checkpoint.machineState}, ${checkpoint.cpus} CPUs, ${memoryShown(checkpoint.memoryMiB)}`],
      ['files', checkpoint.fileSystemsFrozen ? 'frozen by the agent for the moment' : undefined],
      ['disks', checkpoint.disks.join(', ')],
      ['size', `${bytesShown(sizes.ownDiskBytes)} of disks${checkpoint.kind === 'ram' ? ` and ${bytesShown(sizes.ownRamBytes)} of RAM` : ''} of its own, ${bytesShown(sizes.sharedBytes)} shared`],
      ['grew from', checkpoint.parent ?? undefined],
      ['needed by', checkpoint.neededBy.map(({ name }) => name).join(', ')],
      ['made with', madeWith === null ? undefined : `QEMU ${madeWith.qemuVersion}, ${madeWith.machineType}, ${madeWith.accelerator}, ${madeWith.cpuModel}`],
    ],
    style,
  )
}

/** As many packages as a person reads. */
const mostPackages = 40

export function checkpointDiff({ disks, hardware, packages }: CheckpointDiff, style: Style): string {
  const lines = [table([{ title: 'DISK' }, { title: 'CHANGED', align: 'right' }, { title: 'BLOCKS', align: 'right' }], disks.map(({ disk, changedBytes, changedBlocks }) => [disk, bytesShown(changedBytes), String(changedBlocks)]), style)]
  lines.push(hardware.length === 0 ? '\nThe hardware is the same.\n' : `\n${table([{ title: 'HARDWARE' }, { title: 'A' }, { title: 'B' }], hardware.map(({ field, a, b }) => [field, a, b]), style)}`)
  if (packages === null) return `${lines.join('')}\nThe packages are not known at both points.\n`
  const rows: Cell[][] = [...packages.added.map((name) => [name, '', 'added']), ...packages.removed.map((name) => [name, '', 'removed']), ...packages.changed.map(({ name, a, b }) => [name, a, b])]
  if (rows.length === 0) return `${lines.join('')}\nThe packages are the same.\n`
  const left = rows.length - mostPackages
  return `${lines.join('')}\n${table([{ title: 'PACKAGE' }, { title: 'A' }, { title: 'B' }], rows.slice(0, mostPackages), style)}${left > 0 ? `and ${left} more: --json tells all\n` : ''}`
}
