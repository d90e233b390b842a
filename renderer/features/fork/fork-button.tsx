/** The one filled button of a machine that runs: one press makes a fork; its arrow asks how many, what they are called and how long they live. */
import { ChevronDown, GitFork } from 'lucide-react'
import { useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { forkNow } from '../../state/forking.tsx'
import { whyNot } from '../../state/machine-actions.ts'
import { openOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import './fork-button.css'

/** `word`: another than Fork, where it stands for more. */
export function ForkButton({ machine, filled, word = text.verb.fork }: { readonly machine: MachineSummary; readonly filled: boolean; readonly word?: string }): React.ReactNode {
  const [busy, setBusy] = useState(false)
  const cannot = whyNot('fork', machine)
  const look = filled ? 'filled' : 'default'
  function pressed(): void {
    setBusy(true)
    void forkNow(machine).then(() => setBusy(false))
  }
  return (
    <span className="fork-split">
      <Button look={look} size="large" icon={GitFork} className="fork-button" cannot={cannot ?? (busy ? text.fork.making : undefined)} aria-busy={busy} onClick={pressed}>{word}</Button>
      <IconButton look={look} size="large" icon={ChevronDown} className="fork-options" name={text.fork.options} cannot={cannot} onClick={() => openOverlay({ kind: 'fork', machine: machine.id })} />
    </span>
  )
}
