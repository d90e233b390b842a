/** Tells what happened while nobody looks: machines that crashed, jobs that ended. */
import { BrowserWindow, Notification } from 'electron'
import type { EngineEvent } from '../../contract/event.ts'

/** What is worth a notification; undefined for what is not. Jobs are told once, when they end. */
export function worthTelling(event: EngineEvent, jobsUnderWay: Set<string>): { readonly title: string; readonly body: string; readonly machine?: string } | undefined {
  switch (event.type) {
    case 'machine.happened':
      return event.what === 'crashed' ? { title: 'A machine crashed', body: event.sentence, machine: event.machine } : undefined
    case 'job.changed': {
      const { id, state, title, error, result, machine } = event.job
      if (state === 'running') {
        jobsUnderWay.add(id)
        return undefined
      }
      // Who cancelled it knows.
      if (!jobsUnderWay.delete(id) || state === 'cancelled') return undefined
      return { title: state === 'done' ? title : `${title}: failed`, body: error?.message ?? result?.sentence ?? '', ...(machine === null ? {} : { machine }) }
    }
    case 'snapshot':
    case 'machine.changed':
    case 'machine.removed':
    case 'image.changed':
    case 'image.removed':
    case 'gap':
      return undefined
  }
}

/** Calls `onOpen` with the machine it is about when somebody clicks. */
export function createNotifier(onOpen: (machine: string | undefined) => void): (event: EngineEvent) => void {
  const jobsUnderWay = new Set<string>()
  /** One that is collected as garbage no longer hears its click. */
  const shown = new Set<Notification>()
  return (event) => {
    const message = worthTelling(event, jobsUnderWay)
    if (message === undefined || BrowserWindow.getFocusedWindow() !== null || !Notification.isSupported()) return
    const notification = new Notification({ title: message.title, body: message.body })
    shown.add(notification)
    notification.on('close', () => shown.delete(notification))
    notification.on('click', () => onOpen(message.machine))
    notification.show()
  }
}
