/**
 * Images, kept once at `<data>/images/<id>/` and never changed. An image appears by one rename,
 * whole or not at all. Machines take its files by hard link (docs/adr/0003), so an image can be
 * removed while machines made from it keep what they need.
 */
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { MayflyError } from '../../contract/errors.ts'
import type { ImageId } from '../../contract/ids.ts'
import type { Image } from '../../contract/image.ts'
import type { Job } from '../../contract/job.ts'
import type { JobBook, JobHandle, JobResult } from '../jobs/job-book.ts'
import { makeRandomId } from '../jobs/random-id.ts'
import { describeWriteFailure, makePrivateFolder, syncPath } from '../storage/atomic-file.ts'
import { writeDocument } from '../storage/document.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import { assertAbsolutePath, copyIntoFolder, type NewContent } from './add-image.ts'
import { buildTiny, forgetBuiltTiny } from './build-tiny.ts'
import { filesOf, imageDocument, imageDocumentPath, type ImageFile, imageFilePath } from './image-document.ts'
import { type ImageEntry, readImageEntry, readImageFolders, showImage } from './image-entry.ts'
import { freeName, nameFromFile } from './image-name.ts'
import { inspectImage } from './inspect-image.ts'
import { linkOrCopy } from './link-or-copy.ts'

const builtName = 'tiny'
/** Where images come from that we built: they say when they are ready. */
export const builtOrigin = 'built on this host'

export type ImageChange = { readonly kind: 'changed'; readonly image: Image } | { readonly kind: 'removed'; readonly image: ImageId }

export interface ImageStoreOptions {
  /** `<data>/images`; made where it is missing. */
  readonly folder: string
  /** Where packages for images are kept, and images built from them. */
  readonly cacheFolder: string
  readonly jobs: JobBook
  /** The QEMU whose tools convert disks. Throws where there is none. */
  readonly installation: () => Promise<QemuInstallation>
  /** Names of the machines that use an image: to be shown, nothing depends on it. */
  readonly usersOf: (id: ImageId) => readonly string[]
  readonly onChange: (change: ImageChange) => void
}

export class ImageStore {
  readonly #options: ImageStoreOptions
  readonly #entries = new Map<ImageId, ImageEntry>()
  /** Names promised to jobs that are not done. */
  readonly #promisedNames = new Set<string>()
  /** How many calls are taking files of an image just now. */
  readonly #taking = new Map<ImageId, number>()
  /** One image after the other comes into its place, so that two of the same content cannot. */
  #admission: Promise<unknown> = Promise.resolve()

  private constructor(options: ImageStoreOptions, entries: readonly ImageEntry[]) {
    this.#options = options
    for (const entry of entries) this.#entries.set(entry.id, entry)
  }

  /** Reads what is there. What an earlier engine left half done is removed; broken images are listed and kept. */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    await makePrivateFolder(options.folder)
    const { entries, leftovers } = await readImageFolders(options.folder)
    for (const leftover of leftovers) await rm(leftover, { recursive: true, force: true })
    return new ImageStore(options, entries)
  }

  /** All images, in the order of their names. */
  list(): Image[] {
    const images = [...this.#entries.values()].map((entry) => this.#show(entry))
    return images.sort((a, b) => a.name.localeCompare(b.name, 'en'))
  }

  /** One image by name, id, or an unambiguous beginning of its id. Throws `not-found`. */
  get(ref: string): Image {
    return this.#show(this.#find(ref))
  }

  /** How a kernel image wants to be started. Throws `not-found`, and `unsupported` for another kind. */
  kernelOf(id: ImageId): { readonly commandLine: string } {
    const { document } = this.#usable(id)
    if (document?.content.kind !== 'kernel') throw new MayflyError('unsupported', `${document?.name ?? id} is not a kernel; it cannot be started directly.`, { needs: 'a kernel image', have: document?.content.kind ?? 'unknown' })
    return { commandLine: document.content.commandLine }
  }

  /**
   * Gives `target` the content of one of an image's files: by hard link, else as a copy. The
   * result has mode 0444 and is never written again. Throws `not-found`, `unsupported` (broken,
   * or no such file in this kind of image) and `no-space`; then `target` is not there.
   */
  async linkInto(id: ImageId, file: ImageFile, target: string): Promise<void> {
    const entry = this.#usable(id)
    const { document, folder } = entry
    if (document === null || !filesOf(document.content).includes(file)) {
      throw new MayflyError('unsupported', `${document?.name ?? id} has no ${file}.`, { needs: file, have: document?.content.kind ?? 'unknown' })
    }
    this.#taking.set(id, (this.#taking.get(id) ?? 0) + 1)
    try {
      await linkOrCopy(imageFilePath(folder, file), target)
    } finally {
      const left = (this.#taking.get(id) ?? 1) - 1
      if (left === 0) this.#taking.delete(id)
      else this.#taking.set(id, left)
    }
  }

  /**
   * Begins to add a disk image or an ISO file. Throws `not-found` and `invalid-input` where there
   * is no such file, `unsupported` for a file whose header is hostile or not an image's, and
   * `conflict` where the name asked for is taken. The same content twice gives the image that is there.
   */
  async addFile(request: { readonly file: string; readonly name?: string | undefined }): Promise<Job> {
    assertAbsolutePath(request.file)
    await inspectImage(request.file)
    const name = this.#promiseName(request.name ?? null, nameFromFile(request.file))
    return this.#runJob({ kind: 'image.add', title: `Add ${name}` }, name, async (job, folder) => {
      const isThere = (sha256: string): boolean => this.#alreadyThere(sha256) !== null
      const made = await copyIntoFolder({ file: request.file, folder, installation: this.#options.installation, isThere }, job)
      return this.#alreadyThere(made.sha256) ?? made
    })
  }

  /**
   * Begins to build the tiny image, unless the same content is there. A newer one takes the name
   * `tiny` over from an older one. Throws `cancelled` when the engine is ending.
   */
  buildTiny(): Job {
    return this.#runJob({ kind: 'image.build', title: 'Build the tiny image' }, builtName, async (job, folder) => {
      const built = await buildTiny(this.#options.cacheFolder, job)
      const same = this.#alreadyThere(built.key)
      if (same !== null) return same
      await linkOrCopy(built.kernel, imageFilePath(folder, 'vmlinux'))
      await linkOrCopy(built.bzImage, imageFilePath(folder, 'bzImage'))
      await linkOrCopy(built.initrd, imageFilePath(folder, 'initrd'))
      return { origin: builtOrigin, sha256: built.key, content: { kind: 'kernel', commandLine: built.cmdline } }
    })
  }

  /** Removes an image; machines keep what they took. Throws `not-found`, and `in-use` while a file is being taken from it. */
  async remove(ref: string): Promise<Image> {
    const entry = this.#find(ref)
    const image = this.#show(entry)
    if (this.#taking.has(entry.id)) throw new MayflyError('in-use', `${image.name} is just being used to make a machine. Nothing was removed.`, { by: ['a machine that is being made'] }, { next: 'Try again in a moment.' })
    const gone = join(this.#options.folder, `.${entry.id}.gone`)
    await rename(entry.folder, gone).catch(ignoreMissing)
    this.#entries.delete(entry.id)
    this.#options.onChange({ kind: 'removed', image: entry.id })
    await rm(gone, { recursive: true, force: true })
    if (entry.document?.origin === builtOrigin) await forgetBuiltTiny(this.#options.cacheFolder, entry.document.sha256)
    return image
  }

  /** To be called when the machines that use an image are others. */
  usersChanged(id: ImageId): void {
    const entry = this.#entries.get(id)
    if (entry !== undefined) this.#options.onChange({ kind: 'changed', image: this.#show(entry) })
  }

  #runJob(start: { kind: 'image.add' | 'image.build'; title: string }, wantedName: string, fill: (job: JobHandle, folder: string) => Promise<NewContent | ImageEntry>): Job {
    try {
      return this.#options.jobs.run(start, async (job) => {
        const id = makeRandomId() as ImageId
        const folder = join(this.#options.folder, `.${id}.new`)
        try {
          await mkdir(folder, { mode: 0o700 })
          const made = await fill(job, folder)
          if ('document' in made) return alreadyAdded(made)
          return await this.#admit(id, folder, wantedName, made, job)
        } catch (error) {
          throw await describeWriteFailure(folder, error)
        } finally {
          await rm(folder, { recursive: true, force: true })
          this.#promisedNames.delete(wantedName)
        }
      })
    } catch (error) {
      this.#promisedNames.delete(wantedName)
      throw error
    }
  }

  /** Moves a filled folder into its place. */
  async #admit(id: ImageId, aside: string, wantedName: string, made: NewContent, job: JobHandle): Promise<JobResult> {
    job.stage('Finishing')
    for (const file of filesOf(made.content)) await chmod(imageFilePath(aside, file), 0o444)
    const admission = this.#admission.then(async (): Promise<JobResult> => {
      job.signal.throwIfAborted()
      const same = this.#alreadyThere(made.sha256)
      if (same !== null) return alreadyAdded(same)
      const name = made.origin === builtOrigin ? await this.#takeOverName(wantedName) : wantedName
      await writeDocument(imageDocumentPath(aside), imageDocument, { format: 'mayfly-image', version: 1, id, name, createdAt: new Date().toISOString(), ...made })
      const folder = join(this.#options.folder, id)
      await rename(aside, folder)
      const entry = await readImageEntry(folder, id)
      this.#entries.set(id, entry)
      await syncPath(this.#options.folder)
      this.#options.onChange({ kind: 'changed', image: this.#show(entry) })
      return { image: id, sentence: `${name} can be used.` }
    })
    this.#admission = admission.catch(() => undefined)
    return admission
  }

  /** Gives the name of an older built image to a newer one; the older one is then called by its day. */
  async #takeOverName(wanted: string): Promise<string> {
    const older = [...this.#entries.values()].find((entry) => entry.document?.name === wanted)
    if (older?.document == null || older.broken !== null || older.document.origin !== builtOrigin) return freeName(wanted, (name) => this.#isTaken(name))
    const document = { ...older.document, name: freeName(`${wanted} of ${older.document.createdAt.slice(0, 10)}`, (name) => this.#isTaken(name)) }
    await writeDocument(imageDocumentPath(older.folder), imageDocument, document)
    const renamed = { ...older, document }
    this.#entries.set(older.id, renamed)
    this.#options.onChange({ kind: 'changed', image: this.#show(renamed) })
    return wanted
  }

  #alreadyThere(sha256: string): ImageEntry | null {
    return [...this.#entries.values()].find((entry) => entry.broken === null && entry.document?.sha256 === sha256) ?? null
  }

  #promiseName(asked: string | null, suggested: string): string {
    if (asked !== null && this.#isTaken(asked)) {
      throw new MayflyError('conflict', `There is an image ${asked} already. Nothing was added.`, { state: 'taken', allowed: [] }, { next: 'Give it another name.' })
    }
    const name = asked ?? freeName(suggested, (candidate) => this.#isTaken(candidate))
    this.#promisedNames.add(name)
    return name
  }

  #isTaken(name: string): boolean {
    return this.#promisedNames.has(name) || [...this.#entries.values()].some((entry) => entry.document?.name === name || entry.id === name)
  }

  #find(ref: string): ImageEntry {
    const entries = [...this.#entries.values()]
    const named = entries.find((entry) => entry.id === ref) ?? entries.find((entry) => entry.document?.name === ref)
    if (named !== undefined) return named
    const beginning = ref === '' ? [] : entries.filter((entry) => entry.id.startsWith(ref))
    const [only, another] = beginning
    if (only === undefined) throw new MayflyError('not-found', `There is no image “${ref}”.`, { kind: 'image', ref }, { next: 'See mayfly image list.' })
    if (another !== undefined) throw new MayflyError('not-found', `“${ref}” begins the ids of ${beginning.length} images: ${beginning.map((entry) => entry.id).join(', ')}.`, { kind: 'image', ref }, { next: 'Give more of the id, or the name.' })
    return only
  }

  #usable(id: ImageId): ImageEntry {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new MayflyError('not-found', `The image ${id} is not there any more.`, { kind: 'image', ref: id })
    if (entry.broken !== null) throw new MayflyError('unsupported', `The image ${entry.document?.name ?? id} cannot be used: ${entry.broken}`, { needs: 'a sound image', have: entry.broken })
    return entry
  }

  #show(entry: ImageEntry): Image {
    return showImage(entry, this.#options.usersOf(entry.id))
  }
}

/** A folder that somebody has removed by hand needs no removing. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

function alreadyAdded(entry: ImageEntry): JobResult {
  return { image: entry.id, sentence: `The same content is there already, as ${entry.document?.name ?? entry.id}; nothing was added.` }
}
