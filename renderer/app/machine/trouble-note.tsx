/** What went wrong with this machine: its last action, or its last end. Inline, where it belongs. */
import type { MachineSummary } from '../../../contract/machine.ts'
import { perform, whyNot } from '../../state/machine-actions.ts'
import { useDetails } from '../../state/details.ts'
import { clearTrouble, useTroubles } from '../../state/troubles.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'

export function TroubleNote({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const trouble = useTroubles(({ byMachine }) => byMachine[machine.id])
  if (trouble !== undefined) {
    const { error, doing } = trouble
    const tail = error.code === 'qemu-launch-failed' && 'stderrTail' in error.details ? error.details.stderrTail.trim() : ''
    return (
      <div className="mp-trouble">
        <Note
          kind="bad"
          title={text.error.couldNot(doing)}
          live
          actions={<>
            {error.code === 'timeout' && whyNot('switchOff', machine) === undefined ? <Button size="small" onClick={() => perform('switchOff', machine)}>{text.machine.switchOffInstead}</Button> : null}
            <Button size="small" look="quiet" onClick={() => clearTrouble(machine.id)}>{text.error.dismiss}</Button>
          </>}
        >
          <p>{error.message}{error.next === undefined ? '' : ` ${error.next}`}</p>
          {tail === '' ? null : <pre>{tail}</pre>}
        </Note>
      </div>
    )
  }
  return machine.state === 'crashed' || machine.state === 'broken' ? <EndNote machine={machine} /> : null
}

function EndNote({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const { details } = useDetails(machine.id)
  const exit = details?.lastExit ?? null
  const said = exit?.qemuTail.trim() ?? ''
  const report = JSON.stringify({ machine: machine.name, id: machine.id, state: machine.state, reason: machine.stateReason, lastExit: exit, process: details?.process, hardware: details?.hardware }, undefined, 2)
  return (
    <div className="mp-trouble">
      <Note
        kind="bad"
        title={exit?.sentence ?? machine.stateReason ?? text.state[machine.state]}
        actions={<CopyButton look="default" size="small" text={report} name={text.error.copyReport} word={text.error.copyReport} copiedWord={text.copied} />}
      >
        <p>{machine.state === 'broken' ? text.machine.brokenKept : text.machine.crashKept}</p>
        {machine.state === 'broken' && details !== undefined ? <p>{text.machine.folder}: <code>{details.folder}</code></p> : null}
        {said === '' ? null : <pre aria-label={text.machine.qemuSaid}>{said}</pre>}
      </Note>
    </div>
  )
}
