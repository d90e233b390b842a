/** A checkpoint that is dragged, from the timeline to wherever it can be dropped. */

export interface DraggedCheckpoint {
  readonly machine: string
  readonly checkpoint: string
  readonly label: string
}

const kind = 'application/x-mayfly-checkpoint'

export function dragsCheckpoint(event: React.DragEvent, dragged: DraggedCheckpoint): void {
  event.dataTransfer.effectAllowed = 'copy'
  event.dataTransfer.setData(kind, JSON.stringify(dragged))
  event.dataTransfer.setData('text/plain', dragged.label)
}

/** Whether what is dragged is one. What it is can be read only when it is dropped. */
export function isCheckpointDrag(event: React.DragEvent): boolean {
  return event.dataTransfer.types.includes(kind)
}

/** Undefined where it came from another page that means something else. */
export function droppedCheckpoint(event: React.DragEvent): DraggedCheckpoint | undefined {
  try {
    const { machine, checkpoint, label } = JSON.parse(event.dataTransfer.getData(kind)) as Partial<DraggedCheckpoint>
    return typeof machine === 'string' && typeof checkpoint === 'string' ? { machine, checkpoint, label: typeof label === 'string' ? label : '' } : undefined
  } catch {
    return undefined
  }
}
