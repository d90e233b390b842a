/**
 * The engine's end of one running QEMU: its monitor, its serial port, its agent and its exec
 * helper. Detaching leaves QEMU running; nothing here ends it.
 */
import { MayflyError } from '../../contract/errors.ts'
import { SerialHub } from '../console/serial-hub.ts'
import { AgentLink } from '../guest/agent-link.ts'
import type { ExecClient } from '../guest/exec/exec-client.ts'
import { HelperLink } from '../guest/helper-link.ts'
import { onlyOne, streamId } from '../qemu/argv/qemu-ids.ts'
import type { ProcessIdentity } from '../qemu/process/process-identity.ts'
import { connectQmp } from '../qemu/qmp/connect-qmp.ts'
import type { QmpClient } from '../qemu/qmp/qmp-client.ts'
import type { QmpConversation } from '../qemu/qmp/qmp-conversation.ts'
import type { MachineFolderNames, MachineRuntimeNames } from '../storage/names.ts'

/** Who watches its guest come up. */
export interface BootObserver {
  readonly wrote: (chunk: Buffer) => void
  readonly agentAnswers: () => void
  readonly restarted: (byGuest: boolean) => void
  readonly halted: () => void
  readonly end: () => void
}

export interface AttachRequest {
  readonly process: ProcessIdentity
  readonly names: MachineFolderNames
  readonly runtime: MachineRuntimeNames
  readonly qmp: QmpClient
  readonly boot: BootObserver
  readonly onAgent: (state: 'silent' | 'answering') => void
}

export class LiveMachine {
  readonly process: ProcessIdentity
  readonly qmp: QmpClient
  readonly serial: SerialHub
  readonly agent: AgentLink
  readonly boot: BootObserver
  readonly #helper: HelperLink
  #isDetached = false

  constructor(request: AttachRequest) {
    this.process = request.process
    this.qmp = request.qmp
    this.boot = request.boot
    this.serial = new SerialHub(request.runtime.serialSocket, request.names.serialLog, { onBytes: (chunk) => request.boot.wrote(chunk) })
    this.#helper = new HelperLink(request.runtime.execSocket)
    this.agent = new AgentLink(request.runtime.agentSocket, {
      onStateChange: (state) => {
        if (state === 'answering') this.#helper.agentPortChanged(true)
        request.onAgent(state)
      },
    })
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
    const client = this.#isDetached ? null : await this.#helper.client()
    if (this.#isDetached) throw new MayflyError('conflict', 'The machine has just ended.', { state: 'stopped', allowed: ['running'] })
    return client
  }

  /** QEMU told that the guest opened or closed one of its ports. */
  portChanged(id: string, open: boolean): void {
    if (id === onlyOne.agent) {
      this.agent.portChanged(open)
      this.#helper.agentPortChanged(open)
    }
    if (id === onlyOne.exec) this.#helper.portChanged(open)
  }

  /** A reset closes the guest's ports without telling; what comes up next is another agent, and another helper. */
  guestRestarted(): void {
    this.agent.portChanged(false)
    this.#helper.guestRestarted()
  }

  /** Asks which ports a guest holds that was found running: what was told before nobody heard. */
  async lookAtPorts(): Promise<void> {
    for (const { label, 'frontend-open': isOpen } of await this.qmp.execute('query-chardev')) {
      if (label === streamId(onlyOne.exec)) this.#helper.portChanged(isOpen)
      if (label === streamId(onlyOne.agent)) this.#helper.agentPortChanged(isOpen)
    }
  }

  /** Lets go of everything. QEMU and the guest go on. */
  detach(): void {
    if (this.#isDetached) return
    this.#isDetached = true
    this.qmp.close()
    this.serial.close()
    this.agent.stop()
    this.boot.end()
    this.#helper.close()
  }
}

/** Connects to the monitor of a QEMU that was just started, or adopted. */
export function connectMonitor(runtime: MachineRuntimeNames, conversation: QmpConversation, options: { signal?: AbortSignal; timeoutMs: number; waitForSocket: boolean }): Promise<QmpClient> {
  return connectQmp(runtime.qmpSocket, { ...options, conversation })
}
