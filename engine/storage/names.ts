/** Every file and folder Mayfly makes for a machine, named once. */
import { join } from 'node:path'
import type { CheckpointId, DeviceId, MachineId, RunId } from '../../contract/ids.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { Folders } from './folders.ts'

/**
 * The longest path a unix socket may have everywhere QEMU runs: sun_path is 104 bytes on the
 * BSDs and macOS, 108 on Linux, with its terminating zero (unix(4), unix(7)).
 */
export const maxSocketPathBytes = 103

/**
 * Names inside a machine's folder, wherever that folder lies. Each is put together when it is asked
 * for: kept for five hundred machines, of which most are at rest, they were four megabytes.
 */
export class MachineFolderNames {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  get machine(): string {
    return join(this.folder, 'machine.json')
  }
  get hardware(): string {
    return join(this.folder, 'hardware.json')
  }
  get run(): string {
    return join(this.folder, 'run.json')
  }
  /** That the machine is being restarted, so that another engine can see it through. */
  get restart(): string {
    return join(this.folder, 'restart.json')
  }
  /** Which layers make up each disk. */
  get layers(): string {
    return join(this.folder, 'disks.json')
  }
  get lastExit(): string {
    return join(this.folder, 'last-exit.json')
  }
  /** Where the machine comes from and how long it lives; absent for an ordinary one. */
  get life(): string {
    return join(this.folder, 'life.json')
  }
  /** How long its last boots took. */
  get boots(): string {
    return join(this.folder, 'boots.json')
  }
  /** One folder for each checkpoint. */
  get checkpoints(): string {
    return join(this.folder, 'checkpoints')
  }
  /** Frozen layers of RAM that checkpoints stand on. */
  get ram(): string {
    return join(this.folder, 'ram')
  }
  /** What is under way on its layers, so that another engine can finish or undo it. */
  get journal(): string {
    return join(this.folder, 'journal.json')
  }
  /** What a machine that is a template was made of and is ready by. */
  get template(): string {
    return join(this.folder, 'template.json')
  }
  get disks(): string {
    return join(this.folder, 'disks')
  }
  get boot(): string {
    return join(this.folder, 'boot')
  }
  get media(): string {
    return join(this.folder, 'media')
  }
  get nvram(): string {
    return join(this.folder, 'nvram.qcow2')
  }
  get tpm(): string {
    return join(this.folder, 'tpm')
  }
  get logs(): string {
    return join(this.folder, 'logs')
  }
  get serialLog(): string {
    return join(this.logs, 'serial.log')
  }
  get qemuLog(): string {
    return join(this.logs, 'qemu.log')
  }
  get eventLog(): string {
    return join(this.logs, 'events.log')
  }
  get tpmLog(): string {
    return join(this.logs, 'swtpm.log')
  }
  /** What the keeper writes when QEMU ends. */
  get exitRecord(): string {
    return join(this.logs, 'exit.json')
  }
}

export function machineFolderNames(folder: string): MachineFolderNames {
  return new MachineFolderNames(folder)
}

/** The folder of one disk's layers. */
export function diskFolder(names: MachineFolderNames, disk: DeviceId): string {
  return join(names.disks, disk)
}

/** What belongs to one checkpoint besides its layers. */
export interface CheckpointFolderNames {
  readonly folder: string
  readonly document: string
  /** State of all devices, of a checkpoint with RAM. */
  readonly state: string
  readonly nvram: string
  readonly tpm: string
  readonly screen: string
  readonly boot: string
  readonly media: string
}

/** The folder of a checkpoint; `aside` while it is being made. */
export function checkpointFolderNames(names: MachineFolderNames, id: CheckpointId, aside = false): CheckpointFolderNames {
  const folder = join(names.checkpoints, aside ? `.${id}.new` : id)
  return {
    folder,
    document: join(folder, 'checkpoint.json'),
    state: join(folder, 'state.bin'),
    nvram: join(folder, 'nvram.qcow2'),
    tpm: join(folder, 'tpm'),
    screen: join(folder, 'screen.png'),
    boot: join(folder, 'boot'),
    media: join(folder, 'media'),
  }
}

export interface MachineRuntimeNames {
  readonly folder: string
  readonly qmpSocket: string
  readonly screenSocket: string
  readonly serialSocket: string
  readonly agentSocket: string
  readonly execSocket: string
  readonly tpmSocket: string
  /** There for the moment in which the state of the devices is saved or loaded. */
  readonly stateSocket: string
  /** There while the machine is being frozen: how it was before. */
  readonly freezing: string
  /** There while its agent, which was silent, may freeze its file systems when it wakes. */
  readonly thawOwed: string
  /** Where the RAM library in QEMU listens. */
  readonly ramSocket: string
  readonly pidFile: string
  readonly tpmPidFile: string
}

/** Names of a machine's sockets and pid files. Throws `host-unavailable` where they would be too long for a socket. */
export function machineRuntimeNames(folders: Folders, id: MachineId): MachineRuntimeNames {
  const folder = join(folders.runtime, id)
  const names: MachineRuntimeNames = {
    folder,
    qmpSocket: join(folder, 'qmp.sock'),
    screenSocket: join(folder, 'screen.sock'),
    serialSocket: join(folder, 'serial.sock'),
    agentSocket: join(folder, 'agent.sock'),
    execSocket: join(folder, 'exec.sock'),
    tpmSocket: join(folder, 'tpm.sock'),
    stateSocket: join(folder, 'state.sock'),
    freezing: join(folder, 'freezing'),
    thawOwed: join(folder, 'thaw-owed'),
    ramSocket: join(folder, 'ram.sock'),
    pidFile: join(folder, 'qemu.pid'),
    tpmPidFile: join(folder, 'swtpm.pid'),
  }
  assertSocketPath(names.serialSocket)
  return names
}

/** Refuses a path no unix socket can have. */
export function assertSocketPath(path: string): void {
  const bytes = Buffer.byteLength(path)
  if (bytes > maxSocketPathBytes) {
    throw new MayflyError('host-unavailable', `The socket path ${path} has ${bytes} bytes; the system allows ${maxSocketPathBytes}.`, { check: 'runtime-folder' }, { next: 'Set MAYFLY_HOME or XDG_RUNTIME_DIR to a shorter path.' })
  }
}

export const machinesFolder = (folders: Folders): string => join(folders.data, 'machines')
/** A file for each fork that is being made, or is not yet on disk as a whole. */
export const forkMarksFolder = (folders: Folders): string => join(folders.data, 'forks')
export const trashFolder = (folders: Folders): string => join(folders.data, 'trash')
export const imagesFolder = (folders: Folders): string => join(folders.data, 'images')
/** Where images from a browser are put together before they are added. */
export const uploadsFolder = (folders: Folders): string => join(folders.data, 'uploads')
/** The digest of the password that `mayfly serve` asks those from other computers for. */
export const servePassword = (folders: Folders): string => join(folders.config, 'serve-password.json')
/** Throwaway runs, a folder each. */
export const runsFolder = (folders: Folders): string => join(folders.state, 'runs')
/** Archives that were handed in for runs that are to begin. */
export const runUploadsFolder = (folders: Folders): string => join(folders.state, 'run-uploads')

export interface RunFolderNames {
  readonly folder: string
  readonly run: string
  /** Its machines, one a line: id and cell, each before it is made. */
  readonly machines: string
  /** The files its commands are given; kept afterwards where it is not too large. */
  readonly archive: string
}

export function runFolderNames(folders: Folders, id: RunId): RunFolderNames {
  const folder = join(runsFolder(folders), id)
  return { folder, run: join(folder, 'run.json'), machines: join(folder, 'machines'), archive: join(folder, 'upload.tar') }
}

export interface RunCellNames {
  readonly folder: string
  /** What the command wrote, as frames of contract/exec-frame.ts in the order it came. */
  readonly output: string
  readonly serialLog: string
  readonly screen: string
  /** What was copied out of the guest. */
  readonly files: string
}

export function runCellNames(run: RunFolderNames, cell: number): RunCellNames {
  const folder = join(run.folder, String(cell))
  return { folder, output: join(folder, 'output'), serialLog: join(folder, 'serial.log'), screen: join(folder, 'screen.png'), files: join(folder, 'files') }
}

export const engineSocket = (folders: Folders): string => join(folders.runtime, 'engine.sock')
export const engineLock = (folders: Folders): string => join(folders.data, 'engine.lock')
/** What must happen although no engine may be there; read by `mayfly-waker`. Absent: nothing. */
export const promisesFile = (folders: Folders): string => join(folders.data, 'promises')
export const wakerLock = (folders: Folders): string => join(folders.data, 'waker.lock')
export const engineLog = (folders: Folders): string => join(folders.state, 'engine.log')
