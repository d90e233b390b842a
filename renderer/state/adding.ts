/**
 * Files on their way to becoming images: sent from a browser first, then copied and checked by a
 * job. Kept here and not in a view, so that leaving the view stops nothing. An OVA becomes a machine:
 * once it is read, the wizard opens with what it says.
 */
import type { MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import { create } from 'zustand'
import { desktopBridge } from '../client/connect.ts'
import { forgetUpload, listHalfUploads, uploadAppliance, uploadImage } from '../client/upload-image.ts'
import { text } from '../text/text.ts'
import { addAppliance } from './appliances.ts'
import type { ApplianceFile } from './appliances.ts'
import { engine } from './connection.ts'
import { toMayflyError } from './failure.ts'
import { openOverlay, useOverlay } from './overlay.ts'
import { showToast } from './toast.ts'

export interface Adding {
  readonly key: number
  readonly fileName: string
  /** While it is sent from a browser; bytes. */
  readonly sent: { readonly bytes: number; readonly of: number; /** Had arrived before. */ readonly kept: number } | undefined
  /** A page before this one was sending it; it waits for the file to be added again. */
  readonly upload?: string
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
function isAppliance(name: string): boolean {
  return /\.ova$/i.test(name)
}

/** A file that was dropped or chosen: the window knows where it lies, a browser sends it. */
export function addFile(file: File): number {
  const path = desktopBridge()?.pathOf(file) ?? ''
  if (path !== '') return addPath(path)
  const abort = new AbortController()
  const options = (key: number): Parameters<typeof uploadImage>[1] => ({ signal: abort.signal, onProgress: ({ sentBytes, sizeBytes, keptBytes }) => change(key, { sent: { bytes: sentBytes, of: sizeBytes, kept: keptBytes } }) })
  const stop = (): void => abort.abort()
  const sent = { bytes: 0, of: file.size, kept: 0 }
  // Its row becomes this one.
  useAdding.setState(({ list }) => ({ list: list.filter(({ upload, fileName, sent: half }) => upload === undefined || fileName !== file.name || half?.of !== file.size) }))
  if (!isAppliance(file.name)) return begin(file.name, sent, stop, (key) => uploadImage(file, options(key)))
  return read(file.name, sent, stop, async (key) => ({ ...(await uploadAppliance(file, options(key))), fileName: file.name, path: undefined }))
}

let recalled: Promise<void> | undefined

/** Lists, once, what a page before this one left half sent: a page cannot open a file again by itself. */
export function recallUploads(): Promise<void> {
  recalled ??= desktopBridge() === undefined ? recall() : Promise.resolve()
  return recalled
}

async function recall(): Promise<void> {
  for (const { id, fileName, sizeBytes, receivedBytes } of await listHalfUploads()) {
    const key = ++lastKey
    const forget = (): void => {
      dismissAdding(key)
      forgetUpload(id).catch(() => undefined)
    }
    list(key, fileName, { bytes: receivedBytes, of: sizeBytes, kept: receivedBytes }, forget, id)
  }
}

/** A file on the engine's own host. */
export function addPath(path: string): number {
  const fileName = path.split(/[\\/]/).at(-1) ?? path
  if (!isAppliance(path)) return begin(fileName, undefined, () => undefined, () => engine.image.add({ file: path }))
  const abort = new AbortController()
  return read(fileName, undefined, () => abort.abort(), async () => ({ fileName, path, appliance: await engine.machine.inspectAppliance({ file: path }, { signal: abort.signal }), begin: (choice) => engine.machine.import({ ...choice, file: path }), drop: () => undefined }))
}

/** Whether files are chosen in the desktop's own dialog. */
export function hasFileDialog(): boolean {
  return desktopBridge() !== undefined
}

/** Asks with the desktop's own dialog. Undefined where no image was chosen. */
export async function chooseFile(): Promise<number | undefined> {
  const path = await desktopBridge()?.askForFile({ title: text.adding.dialogTitle, filters: [{ name: text.adding.fileKind, extensions: imageExtensions }] })
  if (path === null || path === undefined) return undefined
  return addPath(path)
}

export function dismissAdding(key: number): void {
  useAdding.setState(({ list }) => ({ list: list.filter((adding) => adding.key !== key) }))
}

function begin(fileName: string, sent: Adding['sent'], stopSending: () => void, send: (key: number) => Promise<Job>): number {
  const key = ++lastKey
  list(key, fileName, sent, () => {
    stopSending()
    const job = useAdding.getState().list.find((adding) => adding.key === key)?.job
    if (job !== undefined) engine.job.cancel({ job }).catch((error: unknown) => change(key, { error: toMayflyError(error) }))
  })
  void follow(key, send)
  return key
}

/** An OVA: once it is known what it would become, the wizard asks about it. */
function read(fileName: string, sent: Adding['sent'], stop: () => void, look: (key: number) => Promise<Omit<ApplianceFile, 'key'>>): number {
  const key = ++lastKey
  list(key, fileName, sent, () => {
    stop()
    dismissAdding(key)
  })
  look(key).then((file) => {
    dismissAdding(key)
    const image = addAppliance(file)
    const ask = (): void => openOverlay({ kind: 'wizard', image })
    const over = useOverlay.getState().overlay?.kind
    if (over === undefined || over === 'wizard') ask()
    else showToast({ title: text.appliance.isRead(fileName), message: text.appliance.isReadMore, onClick: ask })
  }, (error: unknown) => {
    const failure = toMayflyError(error)
    if (failure.code === 'cancelled') dismissAdding(key)
    else change(key, { sent: undefined, error: failure })
  })
  return key
}

function list(key: number, fileName: string, sent: Adding['sent'], stop: () => void, upload?: string): void {
  useAdding.setState(({ list: before }) => ({ list: [{ key, fileName, sent, job: undefined, error: undefined, image: undefined, stop, ...(upload === undefined ? {} : { upload }) }, ...before] }))
}

async function follow(key: number, send: (key: number) => Promise<Job>): Promise<void> {
  try {
    const job = await send(key)
    change(key, { sent: undefined, job: job.id })
    const ended = await engine.job.wait({ job: job.id })
    if (ended.error === null) change(key, { image: ended.result?.image })
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
