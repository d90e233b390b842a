/** Tells what happened while nobody looks: machines that crashed, jobs that ended. */
import { BrowserWindow, Notification } from 'electron'
import type { EngineEvent } from '../../contract/event.ts'
import { worthTelling } from './worth-telling.ts'

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
