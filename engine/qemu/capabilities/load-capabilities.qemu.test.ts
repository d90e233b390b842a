import { chmod, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findQemu } from './find-qemu.ts'
import { loadCapabilities } from './load-capabilities.ts'
import { probeCapabilities } from './probe-capabilities.ts'
import type { QemuInstallation } from './qemu-installation.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-capabilities-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** The real QEMU behind a script that notes each start. */
async function counted(): Promise<{ installation: QemuInstallation; starts: () => Promise<number> }> {
  const real = await findQemu()
  const binary = join(folder, 'counted-qemu')
  const notes = join(folder, 'starts')
  await writeFile(notes, '')
  await writeFile(binary, `#!/bin/sh\necho started >> '${notes}'\nexec '${real.binary}' "$@"\n`)
  await chmod(binary, 0o755)
  return { installation: { ...real, binary }, starts: async () => (await readFile(notes, 'utf8')).split('\n').length - 1 }
}

/** Something that is started like QEMU and answers as the script says. */
async function impostor(script: string): Promise<QemuInstallation> {
  const binary = join(folder, 'impostor')
  await writeFile(binary, `#!/bin/sh\n${script}\n`)
  await chmod(binary, 0o755)
  return { binary, imgBinary: null, env: {}, moduleFolder: null, firmwareFolders: [] }
}

test('probes once, for all who ask at once and for all who ask later', async () => {
  const { installation, starts } = await counted()
  const cache = join(folder, 'cache')
  const [first, second] = await Promise.all([loadCapabilities(installation, cache), loadCapabilities(installation, cache)])
  const probes = await starts()
  expect(second).toBe(first)
  expect(await loadCapabilities(installation, cache)).toEqual(first)
  expect(await starts()).toBe(probes)
})

test('a torn, a foreign and an outdated cache file are probed anew and replaced', async () => {
  const { installation, starts } = await counted()
  const cache = join(folder, 'cache')
  const capabilities = await loadCapabilities(installation, cache)
  const probes = await starts()
  const [name = ''] = await readdir(cache)
  const whole = await readFile(join(cache, name), 'utf8')
  const damages = [whole.slice(0, whole.length / 2), '', '[]', whole.replace(/"version":\d+/, '"version":0'), whole.replace('"sandbox":true', '"sandbox":"yes"')]
  for (const [index, damaged] of damages.entries()) {
    await writeFile(join(cache, name), damaged)
    expect(await loadCapabilities(installation, cache)).toEqual(capabilities)
    expect(await starts()).toBe(probes * (index + 2))
    expect(await readFile(join(cache, name), 'utf8')).toBe(whole)
  }
  await utimes(installation.binary, 1, 1)
  await loadCapabilities(installation, cache)
  expect(await starts()).toBe(probes * (damages.length + 2))
})

test('a cache that cannot be written is no error', async () => {
  const { installation } = await counted()
  const notFolder = join(folder, 'file')
  await writeFile(notFolder, '')
  expect((await loadCapabilities(installation, join(notFolder, 'cache'))).accelerators).toContain('tcg')
})

test('a QEMU that is too old is refused with both versions', async () => {
  const greeting = '{"QMP": {"version": {"qemu": {"major": 6, "minor": 2, "micro": 0}, "package": ""}, "capabilities": []}}'
  const installation = await impostor(`
    echo '${greeting}'
    while read -r line; do
      id=$(echo "$line" | sed 's/.*"id":"\\([^"]*\\)".*/\\1/')
      case "$line" in
        *query-version*) echo '{"return": {"qemu": {"major": 6, "minor": 2, "micro": 0}, "package": ""}, "id": "'$id'"}';;
        *) echo '{"return": {}, "id": "'$id'"}';;
      esac
    done`)
  await expect(probeCapabilities(installation)).rejects.toMatchObject({ code: 'unsupported', details: { needs: 'QEMU 7.2', have: 'QEMU 6.2.0' } })
})

test('a binary that ends, is no program, or is gone', async () => {
  await expect(probeCapabilities(await impostor('echo broken >&2; exit 3'))).rejects.toMatchObject({
    code: 'qemu-launch-failed',
    details: { exitCode: 3, signal: null, stderrTail: 'broken\n' },
  })
  const gone = { binary: join(folder, 'gone'), imgBinary: null, env: {}, moduleFolder: null, firmwareFolders: [] }
  await expect(probeCapabilities(gone)).rejects.toMatchObject({ code: 'host-unavailable' })
  await expect(loadCapabilities(gone, folder)).rejects.toMatchObject({ code: 'host-unavailable' })
})
