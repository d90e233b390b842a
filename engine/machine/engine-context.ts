/** What machines need of the engine around them. */
import type { EngineEvent } from '../../contract/event.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { EventHub } from '../events/event-hub.ts'
import type { HostProbe } from '../host/host-probe.ts'
import type { ImageStore } from '../images/image-store.ts'
import type { JobBook } from '../jobs/job-book.ts'
import type { SettingsStore } from '../settings/settings-store.ts'
import type { Folders } from '../storage/folders.ts'
import type { StreamDesk } from '../streams/stream-desk.ts'

export type Happening = Extract<EngineEvent, { type: 'machine.happened' }>['what']

export interface EngineContext {
  readonly folders: Folders
  readonly events: EventHub
  readonly jobs: JobBook
  readonly images: ImageStore
  readonly streams: StreamDesk
  readonly host: HostProbe
  readonly settings: SettingsStore
  /** Writes one line to the engine's own log. */
  readonly log: (line: string) => void
  /** Appends to a machine's event log; a failure to write is logged, not thrown. */
  readonly appendEvent: (path: string, line: string) => void
  /**
   * Called between the steps of an act on a machine's files, by the name of the step that comes next.
   * Does nothing, except in a test that kills the engine there (`MAYFLY_DIE_AT`; `step#2`: when it comes there again).
   */
  readonly atStep: (step: string) => void
  /** A machine's process has ended and its end is on record; called in the machine's queue. */
  readonly ended: (machine: MachineId) => void
  /** A machine whose monitor was silent, or could not be had, answers again, or one came out of the trash; called in the machine's queue. */
  readonly answersAgain: (machine: MachineId) => Promise<void>
  /** Something about this machine, or run, is half done from now on, or is no more: an engine that goes meanwhile needs a successor at once. */
  readonly unsettled: (what: string, isUnsettled: boolean) => void
  /** Another machine that binds this host port now; null where none of ours does. */
  readonly portOwner: (protocol: 'tcp' | 'udp', hostPort: number, except: MachineId) => string | null
  /** Whether nothing but `except` is called so, by its name or by its id. */
  readonly isNameFree: (name: string, except: MachineId) => boolean
}
