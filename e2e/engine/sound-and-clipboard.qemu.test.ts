/** What a real guest sees of its sound card and of the clipboard's channel, also when that comes and goes while it runs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { until } from '../conformance/until.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
}, 300_000)
afterAll(() => home.close())

/** What an agent begins with: chunk header, message header, "tell me too", clipboard on demand and by selection (spice-protocol, vd_agent.h). */
const announcement = '010000001c00000001000000060000000000000000000000080000000100000060000000'
const portOf = (name: string): string => `grep -lx ${name} /sys/class/virtio-ports/*/name | head -n 1 | xargs -r dirname | xargs -r basename`

/** What QEMU answers to an agent's announcement on the clipboard's port. */
async function answerToAgent(machine: string): Promise<{ port: number; protocol: number; type: number }> {
  let bytes = Buffer.alloc(0)
  // A port that has just come has its name before it has its device, or neither, and takes and gives nothing until QEMU's end has told that it is open.
  await until(async () => {
    const text = await home.sh(client, machine, `port=$(${portOf('com.redhat.spice.0')}); [ -c "/dev/$port" ] || exit 0; exec 3<>/dev/$port && printf ${announcement} | xxd -r -p >&3 && timeout 5 head -c ${announcement.length / 2} <&3 | base64 || true`)
    bytes = Buffer.from(text, 'base64')
    return bytes.length * 2 === announcement.length
  }, 'QEMU speaks on the port')
  return { port: bytes.readUInt32LE(0), protocol: bytes.readUInt32LE(8), type: bytes.readUInt32LE(12) }
}
const itsAnnouncement = { port: 1, protocol: 1, type: 6 }

test('the guest finds its sound card in its place; it goes at the next start', async () => {
  await home.bootTiny(client, 'loud', { sound: 'on' })
  // Bus 0, slot 9, Intel's HD Audio controller: what the guest will see for ever.
  expect(await home.sh(client, 'loud', 'cat /sys/bus/pci/devices/0000:00:09.0/vendor /sys/bus/pci/devices/0000:00:09.0/device')).toBe('0x8086\n0x293e\n')
  const { pending } = await client.machine.set({ machine: 'loud', sound: 'none' })
  expect(pending).toMatchObject([{ field: 'sound', now: 'on', next: 'off' }])
  await client.machine.stop({ machine: 'loud', force: true })
})

test('a shared clipboard reaches the guest at its start, and while it runs', async () => {
  await home.bootTiny(client, 'shared')
  expect(await home.sh(client, 'shared', portOf('com.redhat.spice.0'))).toBe('')
  for (let round = 0; round < 2; round++) {
    const { pending } = await client.machine.set({ machine: 'shared', clipboard: true })
    expect([pending, await answerToAgent('shared')]).toEqual([[], itsAnnouncement])
    await client.machine.set({ machine: 'shared', clipboard: false })
    expect(await home.sh(client, 'shared', portOf('com.redhat.spice.0'))).toBe('')
  }
  await client.machine.set({ machine: 'shared', clipboard: true })
  await client.machine.stop({ machine: 'shared', force: true })
  await client.machine.start({ machine: 'shared' })
  await home.ready(client, 'shared')
  expect(await answerToAgent('shared')).toEqual(itsAnnouncement)
  // The agents' own ports stay what they were.
  expect(await home.sh(client, 'shared', 'cat /sys/class/virtio-ports/*/name | sort')).toBe('com.redhat.spice.0\nio.mayfly.exec.0\norg.qemu.guest_agent.0\n')
  await client.machine.stop({ machine: 'shared', force: true })
})

test('who looks at a serial port is counted', async () => {
  await home.bootTiny(client, 'watched')
  const counts = await client.console.viewers({ machine: 'watched' })
  const next = async (): Promise<number | undefined> => {
    const told = await counts.next()
    return told.done === true ? undefined : told.value.serial
  }
  expect(await next()).toBe(0)
  const view = async () => home.connection.openStream((await client.console.open({ machine: 'watched', kind: 'serial' })).ticket)
  const first = await view()
  expect(await next()).toBe(1)
  const second = await view()
  expect(await next()).toBe(2)
  first.destroy()
  expect(await next()).toBe(1)
  second.destroy()
  expect(await next()).toBe(0)
  await client.machine.stop({ machine: 'watched', force: true })
  expect((await counts.next()).done).toBe(true)
})
