/**
 * The engine's end of one running QEMU: its monitor, its serial port, its agent and its exec
 * helper. Detaching leaves QEMU running; nothing here ends it.
 */
import { connect } from 'node:net'
import { MayflyError } from '../../contract/errors.ts'
import { SerialHub } from '../console/serial-hub.ts'
import { AgentLink } from '../guest/agent-link.ts'
import { connectExec, type ExecClient } from '../guest/exec/exec-client.ts'
import type { ProcessIdentity } from '../qemu/process/process-identity.ts'
import { connectQmp } from '../qemu/qmp/connect-qmp.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import type { QmpConversation } from '../qemu/qmp/qmp-conversation.ts'
import type { MachineFolderNames, MachineRuntimeNames } from '../storage/names.ts'
import type { BootWatch } from './boot-watch.ts'

/** A helper that is there answers within milliseconds; a busy guest under TCG within a second or two. */
const execPatienceMs = 5_000

export interface AttachRequest {
  readonly process: ProcessIdentity
  readonly names: MachineFolderNames
  readonly runtime: MachineRuntimeNames
  readonly qmp: QmpClient
  readonly boot: BootWatch
  readonly onAgent: (state: 'silent' | 'answering') => void
}

export class LiveMachine {
  readonly process: ProcessIdentity
  readonly qmp: QmpClient
  readonly serial: SerialHub
  readonly agent: AgentLink
  readonly boot: BootWatch
  readonly #runtime: MachineRuntimeNames
  #exec: Promise<ExecClient | null> | null = null
  #isDetached = false

  constructor(request: AttachRequest) {
    this.process = request.process
    this.qmp = request.qmp
    this.#runtime = request.runtime
    this.boot = request.boot
    this.serial = new SerialHub(request.runtime.serialSocket, request.names.serialLog, { onBytes: (chunk) => request.boot.wrote(chunk) })
    this.agent = new AgentLink(request.runtime.agentSocket, { onStateChange: request.onAgent })
  }

  get isDetached(): boolean {
    return this.#isDetached
  }

  /** Begins to drain the serial port and to look for the agent. */
  async open(): Promise<void> {
    await this.serial.open()
    this.agent.start()
  }

  /** The exec helper in the guest; null where the guest has none. The connection is kept. */
  async exec(): Promise<ExecClient | null> {
    if (this.#isDetached) throw new MayflyError('conflict', 'The machine has just ended.', { state: 'stopped', allowed: ['running'] })
    this.#exec ??= this.#connectExec()
    const client = await this.#exec
    if (client !== null && client.lost === null) return client
    // No helper yet: the next command looks again. A connection that broke is made anew.
    this.#exec = null
    return client === null ? null : this.exec()
  }

  /** QEMU told that the guest opened or closed the helper's port. A closed one ends every command. */
  execPortChanged(open: boolean): void {
    if (open) return
    const lost = this.#exec
    this.#exec = null
    void lost?.then((client) => client?.close(), () => undefined)
  }

  async #connectExec(): Promise<ExecClient | null> {
    const socket = connect({ path: this.#runtime.execSocket })
    const outcome = await connectExec(socket, { timeoutMs: execPatienceMs })
    return outcome.kind === 'connected' ? outcome.client : null
  }

  /** Lets go of everything. QEMU and the guest go on. */
  detach(): void {
    if (this.#isDetached) return
    this.#isDetached = true
    this.qmp.close()
    this.serial.close()
    this.agent.stop()
    this.boot.end()
    void this.#exec?.then((client) => client?.close(), () => undefined)
  }
}

/** Connects to the monitor of a QEMU that was just started, or adopted. */
export function connectMonitor(runtime: MachineRuntimeNames, conversation: QmpConversation, options: { signal?: AbortSignal; timeoutMs: number; waitForSocket: boolean }): Promise<QmpClient> {
  return connectQmp(runtime.qmpSocket, { ...options, conversation })
}
