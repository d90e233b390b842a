/**
 * Files on their way to becoming images: sent from a browser first, then copied and checked by a
 * job. Kept here and not in a view, so that leaving the view stops nothing. An OVA becomes a machine:
 * where it lies on the engine's host, it is asked about first.
 */
import type { MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import { create } from 'zustand'
import { desktopBridge } from '../client/connect.ts'
import { uploadImage } from '../client/upload-image.ts'
import { text } from '../text/text.ts'
import { engine } from './connection.ts'
import { toMayflyError } from './failure.ts'
import { closeOverlay, openOverlay } from './overlay.ts'
import { go } from './place.ts'

export interface Adding {
  readonly key: number
  readonly fileName: string
  /** While it is sent from a browser; bytes. */
  readonly sent: { readonly bytes: number; readonly of: number } | undefined
  /** The engine's job, once it has the file. */
  readonly job: string | undefined
  readonly error: MayflyError | undefined
  /** The image it became. */
  readonly image: string | undefined
  readonly stop: () => void
}

interface AddingState {
  /** Newest first. */
  readonly list: readonly Adding[]
}

export const useAdding = create<AddingState>(() => ({ list: [] }))

/** File names that an image may have, for dialogs. */
export const imageExtensions = ['iso', 'qcow2', 'img', 'raw', 'vmdk', 'vdi', 'vhdx', 'vhd', 'ova'] as const

let lastKey = 0

/** Whether a file becomes a machine instead of an image, by its name. */
export function isAppliance(name: string): boolean {
  return /\.ova$/i.test(name)
}

/** A file that was dropped or chosen: the window knows where it lies, a browser sends it. */
export function addFile(file: File): number {
  const path = desktopBridge()?.pathOf(file) ?? ''
  if (path !== '') return addPath(path)
  const abort = new AbortController()
  return begin(file.name, { bytes: 0, of: file.size }, () => abort.abort(), (key) => uploadImage(file, { signal: abort.signal, onProgress: ({ sentBytes, sizeBytes }) => change(key, { sent: { bytes: sentBytes, of: sizeBytes } }) }))
}

/** A file on the engine's own host. */
export function addPath(path: string): number {
  if (isAppliance(path)) {
    openOverlay({ kind: 'import', file: path })
    return ++lastKey
  }
  return begin(path.split(/[\\/]/).at(-1) ?? path, undefined, () => undefined, () => engine.image.add({ file: path }))
}

/** Whether files are chosen in the desktop's own dialog. */
export function hasFileDialog(): boolean {
  return desktopBridge() !== undefined
}

/** Asks with the desktop's own dialog. Undefined where no image was chosen. */
export async function chooseFile(): Promise<number | undefined> {
  const path = await desktopBridge()?.askForFile({ title: text.adding.dialogTitle, filters: [{ name: text.adding.fileKind, extensions: imageExtensions }] })
  if (path === null || path === undefined) return undefined
  const key = addPath(path)
  return isAppliance(path) ? undefined : key
}

export function dismissAdding(key: number): void {
  useAdding.setState(({ list }) => ({ list: list.filter((adding) => adding.key !== key) }))
}

function begin(fileName: string, sent: Adding['sent'], stopSending: () => void, send: (key: number) => Promise<Job>): number {
  const key = ++lastKey
  const stop = (): void => {
    stopSending()
    const job = useAdding.getState().list.find((adding) => adding.key === key)?.job
    if (job !== undefined) engine.job.cancel({ job }).catch((error: unknown) => change(key, { error: toMayflyError(error) }))
  }
  useAdding.setState(({ list }) => ({ list: [{ key, fileName, sent, job: undefined, error: undefined, image: undefined, stop }, ...list] }))
  void follow(key, send)
  return key
}

async function follow(key: number, send: (key: number) => Promise<Job>): Promise<void> {
  try {
    const job = await send(key)
    change(key, { sent: undefined, job: job.id })
    const ended = await engine.job.wait({ job: job.id })
    if (ended.error === null && ended.result?.machine !== undefined) {
      dismissAdding(key)
      closeOverlay()
      go({ view: 'machines', machine: ended.result.machine })
    } else if (ended.error === null) change(key, { image: ended.result?.image })
    else if (ended.state === 'cancelled') dismissAdding(key)
    else change(key, { error: fromErrorRecord(ended.error) })
  } catch (error) {
    const failure = toMayflyError(error)
    if (failure.code === 'cancelled') dismissAdding(key)
    else change(key, { sent: undefined, error: failure })
  }
}

function change(key: number, to: Partial<Adding>): void {
  useAdding.setState(({ list }) => ({ list: list.map((adding) => (adding.key === key ? { ...adding, ...to } : adding)) }))
}
