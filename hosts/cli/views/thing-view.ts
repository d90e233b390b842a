/** Images, jobs, the trash and the guest's own words about itself, for people. */
import type { Image } from '../../../contract/image.ts'
import type { Job } from '../../../contract/job.ts'
import { bytesShown, durationShown, timeShown } from '../quantities.ts'
import { safeLine } from '../safe-text.ts'
import { type Colour, paint, type Style } from '../style.ts'
import { facts, table } from '../table.ts'

export function imageList(images: readonly Image[], style: Style): string {
  if (images.length === 0) return 'No images. Build a small Linux: mayfly image build tiny\n'
  return table(
    [{ title: 'NAME', cutTo: 16 }, { title: 'KIND' }, { title: 'FORMAT' }, { title: 'SIZE', align: 'right' }, { title: 'USED BY', cutTo: 10 }, { title: 'FROM', cutTo: 10 }, { title: 'ID' }],
    images.map((image) => [
      image.broken === null ? image.name : { text: `✖ ${image.name}: ${image.broken}`, colour: 'red' as const },
      image.kind, image.format, bytesShown(image.sizeBytes), image.usedBy.join(', '), image.origin, image.id,
    ]),
    style,
  )
}

export function imageDetails(image: Image, style: Style): string {
  return facts(
    [
      ['name', image.name], ['id', image.id], ['kind', `${image.kind}, ${image.format}`],
      ['size', `${bytesShown(image.sizeBytes)}${image.virtualBytes === null ? '' : `, a guest sees ${bytesShown(image.virtualBytes)}`}`],
      ['from', image.origin], ['sha256', image.sha256], ['made', timeShown(image.createdAt)], ['used by', image.usedBy.join(', ')],
      ['broken', image.broken === null ? undefined : { text: image.broken, colour: 'red' }],
    ],
    style,
  )
}

const jobLooks: Readonly<Record<Job['state'], readonly [shape: string, colour: Colour]>> = {
  running: ['◌', 'blue'],
  done: ['✔', 'green'],
  failed: ['✖', 'red'],
  cancelled: ['○', 'dim'],
}

export function jobList(jobs: readonly Job[], style: Style): string {
  if (jobs.length === 0) return 'No jobs.\n'
  return table(
    [{ title: 'JOB', cutTo: 16 }, { title: 'STATE' }, { title: 'DONE', align: 'right' }, { title: 'STAGE', cutTo: 12 }, { title: 'STARTED' }, { title: 'ID' }],
    jobs.map((job) => {
      const [shape, colour] = jobLooks[job.state]
      const outcome = job.error?.message ?? job.result?.sentence ?? job.stage
      return [job.title, { text: `${shape} ${job.state}`, colour }, job.progress === null ? '' : `${Math.floor(job.progress * 100)} %`, outcome, timeShown(job.startedAt), job.id]
    }),
    style,
  )
}

/** One sentence about a job that ended. */
export function jobOutcome(job: Job, style: Style): string {
  const [shape, colour] = jobLooks[job.state]
  return `${paint(style, colour, shape)} ${safeLine(job.result?.sentence ?? job.error?.message ?? `${job.title}: ${job.state}.`)}\n`
}

export function jobDetails(job: Job, style: Style): string {
  const [shape, colour] = jobLooks[job.state]
  return facts(
    [
      ['job', job.title], ['id', job.id], ['state', { text: `${shape} ${job.state}`, colour }],
      ['stage', job.state === 'running' ? job.stage : undefined],
      ['done', job.progress === null ? undefined : `${Math.floor(job.progress * 100)} %`],
      ['speed', job.bytesPerSecond === null || job.state !== 'running' ? undefined : `${bytesShown(job.bytesPerSecond)}/s`],
      ['left', job.remainingSeconds === null || job.state !== 'running' ? undefined : durationShown(job.remainingSeconds)],
      ['outcome', job.result?.sentence ?? job.error?.message],
      ['next', job.error?.next ?? undefined],
      ['started', timeShown(job.startedAt)], ['ended', job.endedAt === null ? undefined : timeShown(job.endedAt)],
    ],
    style,
  )
}

interface TrashEntry {
  readonly id: string
  readonly name: string
  readonly deletedAt: string
  readonly sizeBytes: number
}

export function trashList(entries: readonly TrashEntry[], style: Style): string {
  if (entries.length === 0) return 'The trash is empty.\n'
  return table([{ title: 'NAME', cutTo: 12 }, { title: 'DELETED' }, { title: 'SIZE', align: 'right' }, { title: 'ID' }], entries.map((entry) => [entry.name, timeShown(entry.deletedAt), bytesShown(entry.sizeBytes), entry.id]), style)
}

export function trashEmptied(entries: readonly TrashEntry[]): string {
  if (entries.length === 0) return 'The trash was empty.\n'
  const freed = entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  return `Deleted for good: ${safeLine(entries.map(({ name }) => name).join(', '))}. ${bytesShown(freed)} freed.\n`
}

interface GuestInfo {
  readonly agentVersion: string | null
  readonly hostName: string | null
  readonly os: string | null
  readonly kernel: string | null
  readonly addresses: readonly { readonly interface: string; readonly address: string }[]
}

export function guestInfo(guest: GuestInfo, style: Style): string {
  return facts(
    [
      ['host name', guest.hostName ?? undefined], ['system', guest.os ?? undefined], ['kernel', guest.kernel ?? undefined], ['agent', guest.agentVersion ?? undefined],
      ...guest.addresses.map(({ interface: name, address }, index) => [index === 0 ? 'addresses' : ' ', `${address} on ${name}`] as const),
    ],
    style,
  )
}
