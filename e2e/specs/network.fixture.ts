/** Ports of this host that lead into the guest. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { freeTcpPort } from '../../engine/machine/host-ports.ts'
import type { Stage } from './stage.fixture.ts'

/** What a port of this host says. */
async function readPort(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

export function networkSpecs(stage: () => Stage): void {
  test('a port is forwarded, shown with its real address, reached, and taken away', async () => {
    const { window, client, home } = stage()
    const port = await freeTcpPort()
    await window.machine.tab('Network')
    await window.machine.network.forward(String(port), 7000)
    await window.machine.network.row(`127.0.0.1:${port}`).waitFor()
    const { forwards } = await stage().engineSays('alpha', 'is reached', (machine) => machine.forwards.length > 0)
    expect(forwards).toMatchObject([{ hostAddress: '127.0.0.1', hostPort: port, guestPort: 7000, protocol: 'tcp' }])

    await home.sh(client, 'alpha', '(echo hello from alpha | nc -l -p 7000) >/dev/null 2>&1 &')
    await home.sh(client, 'alpha', 'until netstat -ltn | grep -q :7000; do :; done')
    expect(await readPort(port)).toBe('hello from alpha\n')

    await window.machine.network.row(`127.0.0.1:${port}`).getByRole('button', { name: 'Remove' }).click()
    await window.machine.network.row(`127.0.0.1:${port}`).waitFor({ state: 'detached' })
    await stage().engineSays('alpha', 'is reached no more', (machine) => machine.forwards.length === 0)
  })

  test('a port that cannot be is told at its field, and a taken one by whom', async () => {
    const { window, page } = stage()
    await window.machine.network.forward('nonsense', 80)
    await page.getByText('Write a port, or an IPv4 address and a port: 127.0.0.1:8080.').waitFor()
    expect((await stage().machine('alpha')).forwards).toEqual([])
    await page.getByRole('textbox', { name: 'On this host' }).fill('')
  })
}
