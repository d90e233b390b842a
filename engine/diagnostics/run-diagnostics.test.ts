import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AcceleratorReport } from '../qemu/capabilities/accelerators.ts'
import type { Folders } from '../storage/folders.ts'
import { acceleratorDiagnostic } from './accelerator.ts'
import type { Diagnostic, DiagnosticContext, Finding } from './diagnostic.ts'
import { ok } from './diagnostic.ts'
import { diskSpaceDiagnostic } from './disk-space.ts'
import { fileSystemDiagnostic } from './file-system.ts'
import { foldersDiagnostic } from './folders.ts'
import { formatBytes } from './format-bytes.ts'
import { installRemedy } from './install-remedy.ts'
import { qemuImgDiagnostic } from './qemu-img.ts'
import { runDiagnostics } from './run-diagnostics.ts'
import { runtimeFolderDiagnostic } from './runtime-folder.ts'

let folder: string
let context: DiagnosticContext
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-doctor-'))
  context = { folders: await makeFolders(folder), installation: null, capabilities: null, accelerators: [] }
})
afterEach(() => rm(folder, { recursive: true }))

async function makeFolders(root: string): Promise<Folders> {
  const folders = { data: join(root, 'data'), config: join(root, 'config'), cache: join(root, 'cache'), state: join(root, 'state'), runtime: join(root, 'run') }
  for (const path of Object.values(folders)) await mkdir(path, { mode: 0o700 })
  return folders
}

const fake = (id: string, check: () => Promise<Finding>): Diagnostic => ({ id, title: id, applicable: () => true, check })

test('worst first, in order among equals, without those that do not apply', async () => {
  const of = (id: string, status: Finding['status']): Diagnostic => fake(id, () => Promise.resolve({ ...ok('', ''), status }))
  const never: Diagnostic = { ...of('never', 'problem'), applicable: () => false }
  const results = await runDiagnostics(context, { diagnostics: [of('a', 'ok'), of('b', 'unknown'), of('c', 'warning'), of('d', 'problem'), never, of('e', 'warning'), of('f', 'problem')] })
  expect(results.map(({ id }) => id)).toEqual(['d', 'f', 'c', 'e', 'b', 'a'])
})

test('one that throws and one that never ends are unknown, and the others are heard', async () => {
  const throws = fake('throws', () => Promise.reject(new Error('no such sensor')))
  const hangs = fake('hangs', () => new Promise(() => {}))
  const results = await runDiagnostics(context, { diagnostics: [throws, hangs, fake('fine', () => Promise.resolve(ok('Fine.', '')))], timeoutMs: 10 })
  expect(results.map(({ id, status, found }) => [id, status, found])).toEqual([
    ['throws', 'unknown', 'It could not be found out: no such sensor'],
    ['hangs', 'unknown', 'It did not end within 0.01 s.'],
    ['fine', 'ok', 'Fine.'],
  ])
})

test('folders that are missing, closed, open to others or too long are found', async () => {
  expect((await foldersDiagnostic.check(context)).status).toBe('ok')
  expect((await runtimeFolderDiagnostic.check(context)).status).not.toBe('problem')
  await chmod(context.folders.runtime, 0o777)
  expect((await runtimeFolderDiagnostic.check(context)).found).toContain('Others may enter')
  const long = { ...context, folders: { ...context.folders, runtime: join(folder, 'x'.repeat(90)) } }
  expect((await runtimeFolderDiagnostic.check(long)).status).toBe('problem')
  await rm(context.folders.cache, { recursive: true })
  expect((await foldersDiagnostic.check(context)).found).toContain(context.folders.cache)
})

test('the disk and its file system are judged where the machines are', async () => {
  expect((await diskSpaceDiagnostic.check(context)).found).toMatch(/free where machines are kept/)
  expect((await fileSystemDiagnostic.check(context)).status).not.toBe('unknown')
  await expect(diskSpaceDiagnostic.check({ ...context, folders: { ...context.folders, data: join(folder, 'none') } })).rejects.toThrow('ENOENT')
})

test('a missing qemu-img is a problem with a remedy', async () => {
  const installation = { binary: '/q', imgBinary: null, env: {}, moduleFolder: null, firmwareFolders: [] }
  expect(qemuImgDiagnostic.applicable(context)).toBe(false)
  const { status, remedies } = await qemuImgDiagnostic.check({ ...context, installation })
  expect([status, remedies.length]).toEqual(['problem', 1])
})

test('acceleration: good, slow, and none', async () => {
  const report = (name: 'kvm' | 'tcg', loopsPerSecond: number | null, remedy: string | null): AcceleratorReport => ({ name, usable: loopsPerSecond !== null, loopsPerSecond, reason: `${name}.`, remedy, cpuModel: null })
  const statusOf = async (...accelerators: AcceleratorReport[]): Promise<string> => (await acceleratorDiagnostic.check({ ...context, accelerators })).status
  expect(await statusOf(report('kvm', 3e9, null), report('tcg', 4e8, null))).toBe('ok')
  expect(await statusOf(report('kvm', 4e5, 'Nested.'), report('tcg', 4e8, null))).toBe('warning')
  expect(await statusOf(report('kvm', null, 'Group.'), report('tcg', 4e8, null))).toBe('warning')
  expect(await statusOf(report('kvm', null, 'Group.'), report('tcg', null, 'BIOS.'))).toBe('problem')
  expect(await statusOf()).toBe('unknown')
})

test('the command that installs something fits the distribution', async () => {
  const packages = { debian: 'd', fedora: 'f', arch: 'a', suse: 's' }
  const commandOn = async (text: string): Promise<string | null> => {
    await writeFile(join(folder, 'os-release'), text)
    return (await installRemedy('it', packages, join(folder, 'os-release'))).command
  }
  expect(await commandOn('ID=debian\n')).toBe('sudo apt-get install d')
  expect(await commandOn('ID=linuxmint\nID_LIKE="ubuntu debian"\n')).toBe('sudo apt-get install d')
  expect(await commandOn('ID="rocky"\nID_LIKE="rhel centos fedora"\n')).toBe('sudo dnf install f')
  expect(await commandOn('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n')).toBe('sudo zypper install s')
  expect(await commandOn('ID=arch\n')).toBe('sudo pacman -S a')
  expect(await commandOn('ID=nixos\n')).toBeNull()
})

test('sizes as people read them', () => {
  expect([0, 1, 1023, 1024, 1536, 1024 ** 2 * 123.4, 1024 ** 3 * 9.999, 2 ** 60].map(formatBytes)).toEqual(['0 bytes', '1 bytes', '1023 bytes', '1 KiB', '1.5 KiB', '123 MiB', '10 GiB', '1024 PiB'])
})
