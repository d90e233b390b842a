/**
 * An engine whose every answer the test decides: floods, failures and endless waits that a real
 * one would only give by accident. It stands behind a transport, never in for our engine.
 */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import type { ErrorCode, ErrorDetails } from '../../contract/errors.ts'
import { MayflyError } from '../../contract/errors.ts'
import type { MachineId } from '../../contract/ids.ts'
import type { MachineSummary } from '../../contract/machine.ts'
import type { CreateRequest } from '../../contract/procedures/machine.ts'
import type { EngineFace, EngineLog, EngineRouter } from '../../engine/engine-face.ts'
import { EventHub } from '../../engine/events/event-hub.ts'
import { StreamDesk } from '../../engine/streams/stream-desk.ts'

/** One failure of each code, with details as they are in life. */
export const failures: { readonly [C in ErrorCode]: ErrorDetails[C] } = {
  'invalid-input': { issues: [{ path: 'disks.0.image', message: 'This image names a backing file.' }] },
  'not-found': { kind: 'machine', ref: 'web' },
  conflict: { state: 'running', allowed: ['stopped', 'crashed'] },
  'in-use': { by: ['web', 'db "main"\n'] },
  unsupported: { needs: 'a screen', have: 'none' },
  'host-unavailable': { check: 'qemu' },
  'qemu-launch-failed': { exitCode: null, signal: 'SIGSYS', stderrTail: 'qemu: ü\u0000\n' },
  'qmp-failed': { command: 'device_add', qmpClass: 'GenericError', description: 'Bus not found' },
  'qmp-interrupted': { command: 'cont' },
  'job-failed': { job: 'abcdefghijkl' },
  'storage-corrupt': { file: 'machine.json', reason: 'it is empty' },
  'schema-too-new': { file: 'machine.json', version: 9, supported: 1 },
  'no-space': { path: '/data', needed: null, free: 0 },
  timeout: { waitedMs: 60_000 },
  cancelled: {},
  bug: { reference: '0badcafe' },
}

export function failureOf(code: ErrorCode): MayflyError {
  return new MayflyError(code, `It failed as asked: ${code}.`, failures[code], { next: `What to do about ${code}.` })
}

export function summaryOf(index: number): MachineSummary {
  return {
    id: `m${index.toString().padStart(11, '0')}` as MachineId,
    place: 'local',
    name: `machine ${index}`,
    state: index % 25 === 0 ? 'running' : 'stopped',
    pausedBy: null,
    stateReason: null,
    cpus: 2,
    memoryMiB: 1024,
    pid: index % 25 === 0 ? 4000 + index : null,
    startedAt: index % 25 === 0 ? '2026-01-01T00:00:00.000Z' : null,
    uptimeSeconds: index % 25 === 0 ? 60 : null,
    tags: ['test'],
    notes: '',
    profile: 'paravirtual',
    forwards: [{ nic: 'nic0', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 2000 + index, guestPort: 22 }],
    agent: 'off',
    pendingChanges: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    role: 'machine',
    origin: null,
    throwaway: false,
    expiresAt: null,
    checkpoints: 0,
    bootPhase: null,
    usualBootSeconds: null,
    restartsInMinute: 0,
  }
}

export class SyntheticEngine implements EngineFace {
  readonly hub = new EventHub()
  readonly streams: StreamDesk
  readonly router: EngineRouter
  /** What `machine.create` was given after it was checked. */
  readonly created: CreateRequest[] = []
  /** Calls of `machine.wait` whose signal aborted. */
  aborted = 0
  waiting = 0
  machines = Array.from({ length: 500 }, (_, index) => summaryOf(index))

  constructor(options: { readonly ticketLifetimeMs?: number } = {}) {
    this.streams = new StreamDesk(options.ticketLifetimeMs === undefined ? {} : { lifetimeMs: options.ticketLifetimeMs })
    const os = implement(contract)
    // Only what the suite calls; the rest of the contract is the real engine's affair.
    this.router = {
      machine: {
        list: os.machine.list.handler(() => this.machines),
        create: os.machine.create.handler(({ input }) => {
          this.created.push(input)
          return { ...summaryOf(0), name: input.name }
        }),
        show: os.machine.show.handler(({ input }) => {
          if (input.machine === 'explode') throw new TypeError('a secret of the engine')
          throw failureOf(input.machine as ErrorCode)
        }),
        wait: os.machine.wait.handler(
          ({ signal }) =>
            new Promise((_resolve, reject) => {
              this.waiting++
              signal?.addEventListener('abort', () => {
                this.aborted++
                reject(new DOMException('aborted', 'AbortError'))
              })
            }),
        ),
        followLog: os.machine.followLog.handler(async function* () {
          yield { text: 'first\n\ndata: not a field\r\n', skippedBytes: 0 }
          yield { text: 'second', skippedBytes: 7 }
          throw failureOf('not-found')
        }),
      },
      events: {
        watch: os.events.watch.handler(({ signal }) => this.hub.subscribe({ snapshot: () => ({ machines: this.machines.slice(0, 3), jobs: [], images: [], templates: [], runs: [] }), signal })),
      },
      // Only the procedures that what carries calls is tried with; the rest would be as many stubs.
    } as unknown as EngineRouter
  }

  obligations(): string[] {
    return []
  }

  isSettling(): boolean {
    return false
  }

  close(): Promise<void> {
    this.hub.close()
    this.streams.close()
    return Promise.resolve()
  }
}

/** Keeps what would be logged. */
export class LogInMemory implements EngineLog {
  readonly sentences: string[] = []
  readonly bugs: { reference: string; error: unknown }[] = []

  info(sentence: string): void {
    this.sentences.push(sentence)
  }

  bug(reference: string, error: unknown): void {
    this.bugs.push({ reference, error })
  }
}
