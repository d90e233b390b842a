/** The place beside the machine where a dragged checkpoint is dropped to fork it. */
import { GitFork } from 'lucide-react'
import { useState } from 'react'
import { droppedCheckpoint, isCheckpointDrag } from '../../state/checkpoint-drag.ts'
import { forkNow } from '../../state/forking.tsx'
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'

export function ForkDrop({ children }: { readonly children: React.ReactNode }): React.ReactNode {
  const [over, setOver] = useState(false)
  return (
    <div
      className="fork-drop"
      onDragOver={(event) => {
        if (!isCheckpointDrag(event)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={(event) => {
        if (!(event.relatedTarget instanceof Node) || !event.currentTarget.contains(event.relatedTarget)) setOver(false)
      }}
      onDrop={(event) => {
        setOver(false)
        if (!isCheckpointDrag(event)) return
        event.preventDefault()
        const dropped = droppedCheckpoint(event)
        const machine = useMirror.getState().machines.find(({ id }) => id === dropped?.machine)
        if (dropped !== undefined && machine !== undefined) void forkNow(machine, { checkpoint: dropped.checkpoint })
      }}
    >
      {children}
      {over ? <div className="fork-drop-here" aria-hidden><GitFork size={18} strokeWidth={1.75} />{text.fork.drop}</div> : null}
    </div>
  )
}
