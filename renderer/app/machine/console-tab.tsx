/** Screen and serial port of a machine, one of them or both, the line between them where one likes it. */
import { SegmentedControl } from '@mantine/core'
import { Monitor, Rows2, SquareTerminal } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { ScreenConsole } from '../../features/screen-console/screen-console.tsx'
import { SerialConsole } from '../../features/serial-console/serial-console.tsx'
import { useDetails } from '../../state/details.ts'
import { recall, remember } from '../../state/memory.ts'
import { text } from '../../text/text.ts'
import { SplitLine } from '../../ui/split-line.tsx'

const modes = ['screen', 'serial', 'both'] as const
type Mode = (typeof modes)[number]
const icons = { screen: Monitor, serial: SquareTerminal, both: Rows2 } as const

/** Whoever walks through the list with the arrows opens no console on the way. */
const settlingMs = 120

/** Share of the screen in percent. */
const split = { usual: 64, least: 15, most: 85, step: 5 } as const

function isMode(value: unknown): value is Mode {
  return modes.includes(value as Mode)
}

function isShare(value: unknown): value is number {
  return typeof value === 'number' && value >= split.least && value <= split.most
}

export function ConsoleTab({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { details } = useDetails(machine.id)
  const [wanted, setWanted] = useState<Mode>(() => recall('console-mode', isMode, 'both'))
  const [share, setShare] = useState(() => recall('console-split', isShare, split.usual))
  const [settled, setSettled] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), settlingMs)
    return () => clearTimeout(timer)
  }, [])
  const hasScreen = details?.config?.display.model !== 'none'
  const mode = hasScreen ? wanted : 'serial'

  function choose(value: string): void {
    if (!isMode(value)) return
    setWanted(value)
    remember('console-mode', value)
  }
  function divide(percent: number): void {
    const next = Math.min(split.most, Math.max(split.least, percent))
    setShare(next)
    remember('console-split', next)
  }

  if (!settled) return <div className="console" aria-busy />

  const chooser = hasScreen ? (
    <SegmentedControl aria-label={text.screen.which} value={mode} onChange={choose} data={modes.map((value) => {
      const Icon = icons[value]
      return { value, label: <span className="mf-row"><Icon size={14} strokeWidth={1.75} aria-hidden />{text.screen.modes[value]}</span> }
    })} />
  ) : null
  return (
    <div className={mode === 'both' ? 'console console-both' : 'console'}>
      {mode === 'serial' ? (hasScreen ? <div className="tool">{chooser}</div> : null) : <div className="console-screen" style={mode === 'both' ? { flex: `0 0 ${share}%` } : { flex: 1 }}><ScreenConsole machine={machine} leading={chooser} /></div>}
      {mode === 'both' ? (
        <SplitLine
          className="console-split"
          label={text.screen.divider}
          orientation="horizontal"
          range={split}
          shown={share}
          within={(line) => line.parentElement}
          now={() => share}
          sizeAt={(px, { height }) => Math.round((px / height) * 100)}
          onResize={(percent) => divide(percent ?? split.usual)}
        />
      ) : null}
      {mode === 'screen' ? null : <SerialConsole machine={machine} />}
    </div>
  )
}
