/** Which events somebody who looks elsewhere wants to hear of, and in which words. */
import type { EngineEvent } from '../../contract/event.ts'
import { text } from '../../hosts/page/text/text.ts'

/** What is worth a notification; undefined for what is not. Jobs are told once, when they end. */
export function worthTelling(event: EngineEvent, jobsUnderWay: Set<string>): { readonly title: string; readonly body: string; readonly machine?: string } | undefined {
  switch (event.type) {
    case 'machine.happened':
      return event.what === 'crashed' ? { title: text.notification.crashed, body: event.sentence, machine: event.machine } : undefined
    case 'job.changed': {
      const { id, state, title, error, result, machine } = event.job
      if (state === 'running') {
        jobsUnderWay.add(id)
        return undefined
      }
      // Who cancelled it knows.
      if (!jobsUnderWay.delete(id) || state === 'cancelled') return undefined
      return { title: state === 'done' ? title : text.notification.failed(title), body: error?.message ?? result?.sentence ?? '', ...(machine === null ? {} : { machine }) }
    }
    case 'snapshot':
    case 'machine.changed':
    case 'machine.removed':
    case 'image.changed':
    case 'image.removed':
    case 'timeline.changed':
    case 'template.changed':
    case 'template.removed':
    case 'run.changed':
    case 'run.removed':
    case 'gap':
      return undefined
  }
}
