/** What lies over a screen that shows nothing new: the last picture, dimmed, and on it what there is to say and to do. */
import { Play } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { machineActions, perform, whyNot } from '../../state/machine-actions.ts'
import { factOf, shapeOf, wordOf } from '../../state/machine-looks.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import type { ScreenPhase } from './screen-session.ts'

interface OverProps {
  readonly machine: MachineSummary
  readonly phase: ScreenPhase
  readonly picture: string | undefined
  /** In a window of its own no page around it says what happened. */
  readonly alone: boolean
}

export function ScreenOver({ machine, phase, picture, alone }: OverProps): React.ReactNode {
  const isPaused = machine.state === 'paused'
  // The picture of a guest that stands still would look alive.
  if (phase === 'open') return isPaused ? <div className="screen-instead screen-still"><div className="screen-says"><Paused machine={machine} /></div></div> : null
  return (
    <div className="screen-instead">
      {picture === undefined ? null : <img src={picture} alt="" />}
      <div className="screen-says">{phase === 'none' ? <p>{text.screen.none}</p> : isPaused ? <Paused machine={machine} /> : <Away machine={machine} isConnecting={phase === 'connecting'} alone={alone} />}</div>
    </div>
  )
}

function Paused({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  // Such a guest cannot go on from where it is.
  const verb = machine.pausedBy === 'guest-panic' || machine.pausedBy === 'internal-error' ? 'reset' : 'resume'
  return (
    <>
      <p className="screen-state"><StateShape shape="paused" />{wordOf(machine)}</p>
      {machine.pausedBy === 'user' || machine.pausedBy === null ? null : <p>{factOf(machine)}</p>}
      <Button size="large" icon={machineActions[verb].icon} onClick={() => perform(verb, machine)}>{text.verbOf(verb, machine.name)}</Button>
    </>
  )
}

function Away({ machine, isConnecting, alone }: { readonly machine: MachineSummary; readonly isConnecting: boolean; readonly alone: boolean }): React.ReactNode {
  const isCrashed = machine.state === 'crashed'
  return (
    <>
      <p className="screen-state"><StateShape shape={isConnecting ? 'busy' : shapeOf(machine.state)} />{isConnecting && machine.state === 'running' ? text.screen.connecting : wordOf(machine)}</p>
      {alone && machine.stateReason !== null ? <p>{machine.stateReason}</p> : null}
      {/* Beside a crash the page has its button already. */}
      {whyNot('start', machine) === undefined && (alone || !isCrashed) ? <Button size="large" icon={Play} onClick={() => perform('start', machine)}>{isCrashed ? text.screen.startAgain(machine.name) : text.verbOf('start', machine.name)}</Button> : null}
    </>
  )
}
