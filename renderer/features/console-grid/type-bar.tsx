/** The field whose lines go to every ticked console. It stays in sight for as long as it does so; Esc ends it. */
import { SegmentedControl } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { recall, remember } from '../../state/memory.ts'
import { TypingSession, typingWays } from '../../state/type-to-all.ts'
import type { TypingWay } from '../../state/type-to-all.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'

export function TypeBar({ machines, onEnd }: { readonly machines: readonly MachineSummary[]; readonly onEnd: () => void }): React.ReactNode {
  const session = useRef<TypingSession>(undefined)
  const [line, setLine] = useState('')
  const [told, setTold] = useState('')
  const [through, setThrough] = useState<TypingWay>(() => recall('type-through', isWay, 'serial'))
  useEffect(() => {
    const opened = new TypingSession()
    session.current = opened
    return () => opened.close()
  }, [])
  async function send(): Promise<void> {
    const typed = line
    setLine('')
    const failed = (await session.current?.send(machines, typed, through)) ?? []
    setTold(failed.length === 0 ? text.grid.sent(machines.length, machines.length) : text.grid.notSent(failed.map(({ name }) => name).join(', ')))
  }
  return (
    <form
      className="cg-type"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <span className="mf-field mf-mono"><input value={line} autoFocus aria-label={text.grid.line} autoComplete="off" spellCheck={false} onChange={(event) => setLine(event.target.value)} onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.stopPropagation()
        onEnd()
      }} /></span>
      <SegmentedControl aria-label={text.grid.through} value={through} data={typingWays.map((value) => ({ value, label: text.grid.throughs[value] }))} onChange={(value) => {
        if (!isWay(value)) return
        setThrough(value)
        remember('type-through', value)
      }} />
      <span className="mf-3 mf-sm mf-wide-only" role="status">{told === '' ? text.grid.sends(through) : told}</span>
      <Button size="small" look="quiet" onClick={onEnd}><kbd className="mf-kbd">Esc</kbd>{text.grid.stops}</Button>
    </form>
  )
}

function isWay(value: unknown): value is TypingWay {
  return typingWays.includes(value as TypingWay)
}
