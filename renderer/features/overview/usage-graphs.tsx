/** Processor, memory, disk and network of a machine over the last fifteen minutes. What nobody knows is said, not drawn as nothing. */
import { useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { useUsageHistory } from '../../state/metrics.ts'
import type { UsagePoint } from '../../state/metrics.ts'
import { isOn } from '../../state/machine-looks.ts'
import { formatNumber } from '../../text/numbers.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { timeAxis } from './time-axis.ts'
import { UsageGraph } from './usage-graph.tsx'

const bytesPerMiB = 1024 ** 2

/** Two samples further apart than this are not joined: nobody measured between them. */
const gapMs = 30_000

export function UsageGraphs({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const measured = useUsageHistory(machine.id)
  const [at, setAt] = useState<number>()
  const points = withGaps(measured)
  const shown = (at === undefined ? undefined : points[at]) ?? points.at(-1)
  const times = points.map(({ atMs }) => atMs / 1000)
  const of = (key: keyof Omit<UsagePoint, 'atMs'>): (number | null)[] => points.map((point) => point[key])
  if (points.length === 0) return <section><h2 className="mf-h">{text.overview.now}</h2><p className="mf-2">{isOn(machine.state) ? text.overview.measuring : text.overview.graphsOff}</p></section>

  const rate = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : `${formatBytes(value)}/s`)
  const memoryKnown = points.some(({ guestMemoryBytes }) => guestMemoryBytes !== null)
  const memory = memoryKnown ? shown?.guestMemoryBytes : shown?.residentBytes
  const networkKnown = points.some(({ networkInBytesPerSecond }) => networkInBytesPerSecond !== null)
  const cpu = shown?.cpu ?? null
  return (
    <section>
      <h2 className="mf-h">{text.overview.now}<small>{text.overview.every(formatSpan(times))}</small></h2>
      <div className="ov-graphs">
        <figure>
          <figcaption><b>{text.overview.cpu}</b><span>{cpu === null ? '–' : `${Math.round(cpu * 100)} %`}</span><small>{cpu === null ? '' : cpusUsed(cpu * machine.cpus, machine.cpus)}</small></figcaption>
          <UsageGraph label={text.overview.graph(text.overview.cpu)} times={times} lines={[{ label: text.overview.cpu, values: of('cpu') }]} top={1} format={(value) => `${Math.round(value * 100)} %`} onPoint={setAt} />
        </figure>
        <figure>
          <figcaption><b>{text.overview.memory}</b><span>{memory === null || memory === undefined ? '–' : formatBytes(memory)}</span><small>{memoryKnown ? text.overview.ofMemory(formatMiB(machine.memoryMiB)) : text.overview.residentOnly}</small></figcaption>
          <UsageGraph label={text.overview.graph(text.overview.memory)} times={times} lines={[{ label: text.overview.memory, values: of(memoryKnown ? 'guestMemoryBytes' : 'residentBytes') }]} top={memoryKnown ? machine.memoryMiB * bytesPerMiB : undefined} format={formatBytes} onPoint={setAt} />
        </figure>
        <figure>
          <figcaption><b>{text.overview.disk}</b><span>{rate(shown?.diskReadBytesPerSecond)}</span><Keys first={text.overview.read} second={text.overview.written(rate(shown?.diskWriteBytesPerSecond))} /></figcaption>
          <UsageGraph label={text.overview.graph(text.overview.disk)} times={times} lines={[{ label: text.overview.read, values: of('diskReadBytesPerSecond') }, { label: text.overview.disk, values: of('diskWriteBytesPerSecond') }]} top={undefined} format={(value) => `${formatBytes(Math.round(value))}/s`} onPoint={setAt} />
        </figure>
        <figure>
          <figcaption><b>{text.overview.network}</b><span>{networkKnown ? rate(shown?.networkInBytesPerSecond) : ''}</span>{networkKnown ? <Keys first={text.overview.in} second={text.overview.out(rate(shown?.networkOutBytesPerSecond))} /> : <small>{text.overview.networkUnknown}</small>}</figcaption>
          {networkKnown ? <UsageGraph label={text.overview.graph(text.overview.network)} times={times} lines={[{ label: text.overview.in, values: of('networkInBytesPerSecond') }, { label: text.overview.network, values: of('networkOutBytesPerSecond') }]} top={undefined} format={(value) => `${formatBytes(Math.round(value))}/s`} onPoint={setAt} /> : null}
        </figure>
      </div>
    </section>
  )
}

/** A processor that does a little is not said to do nothing. */
function cpusUsed(used: number, all: number): string {
  return used > 0 && used < 0.05 ? text.overview.hardlyCpus(all) : text.overview.ofCpus(formatNumber(used, 1), all)
}

function formatSpan(times: readonly number[]): string {
  const { from, to } = timeAxis(times)
  return formatDuration(to - from)
}

function Keys({ first, second }: { readonly first: string; readonly second: string }): React.ReactNode {
  return <small className="ov-keys"><i className="ov-key" />{first}<i className="ov-key ov-key-second" />{second}</small>
}

function withGaps(points: readonly UsagePoint[]): readonly UsagePoint[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1]
    if (before === undefined || point.atMs - before.atMs < gapMs) return [point]
    return [{ atMs: before.atMs + 1000, cpu: null, guestMemoryBytes: null, residentBytes: null, diskReadBytesPerSecond: null, diskWriteBytesPerSecond: null, networkInBytesPerSecond: null, networkOutBytesPerSecond: null }, point]
  })
}
