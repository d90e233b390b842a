/**
 * A guest's end of the shared clipboard: what spice-vdagent does, spoken by this test over the
 * guest's own port (spice-protocol, vd_agent.h). The guest only carries the bytes.
 */
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'

const types = { clipboard: 4, capabilities: 6, grab: 7, request: 8 } as const
const utf8Text = 1
/** Clipboard on demand, and several selections. */
const capabilities = (1 << 5) | (1 << 6)

interface Message {
  readonly type: number
  readonly data: Buffer
}

/** A selection, always the clipboard, stands before the data of all but the capabilities. */
const selection = Buffer.alloc(4)

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** A message in one chunk of the agent's own port. */
function pack(type: number, data: Buffer): Buffer {
  return Buffer.concat([number(1), number(20 + data.length), number(1), number(type), Buffer.alloc(8), number(data.length), data])
}

/** Whole messages; QEMU sends each in chunks of its own. */
function unpack(bytes: Buffer): Message[] {
  const chunks: Buffer[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32LE(at + 4)
    chunks.push(bytes.subarray(at + 8, at + 8 + size))
    at += 8 + size
  }
  const whole = Buffer.concat(chunks)
  const messages: Message[] = []
  for (let at = 0; at + 20 <= whole.length; ) {
    const size = whole.readUInt32LE(at + 16)
    if (at + 20 + size > whole.length) break
    messages.push({ type: whole.readUInt32LE(at + 4), data: whole.subarray(at + 20, at + 20 + size) })
    at += 20 + size
  }
  return messages
}

export class GuestClipboard {
  readonly #client: EngineClient
  readonly #machine: string
  #seen = 0

  constructor(client: EngineClient, machine: string) {
    this.#client = client
    this.#machine = machine
  }

  /** Opens the port for good and says what the agent can do. */
  async begin(): Promise<void> {
    await this.#run(String.raw`port=
      until [ -n "$port" ] && [ -c /dev/$port ]; do port=$(grep -lx com.redhat.spice.0 /sys/class/virtio-ports/*/name | xargs -r dirname | xargs -r basename); sleep 0.1; done
      mkfifo /tmp/to-host; : > /tmp/from-host
      setsid sh -c "exec 3<>/dev/$port 4<>/tmp/to-host; cat <&3 >> /tmp/from-host & cat <&4 >&3" > /dev/null 2>&1 < /dev/null &`)
    await until(async () => {
      // A port that has just come may not be open at QEMU's end yet.
      await this.#send(pack(types.capabilities, Buffer.concat([number(1), number(capabilities)])))
      return (await this.#messages()).some(({ type }) => type === types.capabilities)
    }, 'QEMU answers the agent')
    await this.#passOver()
  }

  /** Somebody copies in the guest. Resolves when the host has fetched it. */
  async copy(content: string): Promise<void> {
    await this.#passOver()
    await this.#send(pack(types.grab, Buffer.concat([selection, number(utf8Text)])))
    await this.#awaited(types.request, 'the host asks for what was copied')
    await this.#send(pack(types.clipboard, Buffer.concat([selection, number(utf8Text), Buffer.from(content)])))
  }

  /** Somebody pastes in the guest, once the host has said that it has something new. */
  async paste(): Promise<string> {
    await this.#awaited(types.grab, 'the host says that it has something')
    await this.#send(pack(types.request, Buffer.concat([selection, number(utf8Text)])))
    const { data } = await this.#awaited(types.clipboard, 'the host sends it')
    return data.subarray(8).toString()
  }

  /** Whether the host has said anything since it was last listened to. */
  async isQuiet(): Promise<boolean> {
    return (await this.#messages()).length === this.#seen
  }

  async #awaited(type: number, what: string): Promise<Message> {
    let found: Message | undefined
    await until(async () => {
      const messages = await this.#messages()
      const at = messages.findIndex((message, index) => index >= this.#seen && message.type === type)
      if (at < 0) return false
      found = messages[at]
      this.#seen = at + 1
      return true
    }, what, 30_000)
    if (found === undefined) throw new Error('It was found.')
    return found
  }

  async #passOver(): Promise<void> {
    this.#seen = (await this.#messages()).length
  }

  async #messages(): Promise<Message[]> {
    return unpack(Buffer.from(await this.#run('base64 /tmp/from-host'), 'base64'))
  }

  async #send(bytes: Buffer): Promise<void> {
    await this.#run('base64 -d > /tmp/to-host', bytes.toString('base64'))
  }

  async #run(line: string, stdin = ''): Promise<string> {
    const result = await this.#client.guest.run({ machine: this.#machine, argv: ['sh', '-c', line], stdinBase64: Buffer.from(stdin).toString('base64'), timeoutMs: 30_000 })
    if (result.exitStatus !== 0) throw new Error(`“${line}”: ${JSON.stringify(result)}`)
    return result.stdout
  }
}
