import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type FirmwarePlaces, type FirmwareQuery, findUefiFirmware } from './find-firmware.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-firmware-'))
})
afterEach(() => rm(folder, { recursive: true }))

interface Descriptor {
  readonly name: string
  readonly features?: readonly string[]
  readonly machines?: readonly string[]
  readonly interfaces?: readonly string[]
  readonly device?: string
  readonly format?: string
  readonly filesExist?: boolean
  readonly in?: string
}

async function describe({ name, features = [], machines = ['pc-q35-*'], interfaces = ['uefi'], device = 'flash', format = 'raw', filesExist = true, ...where }: Descriptor): Promise<void> {
  const descriptors = join(folder, where.in ?? 'vendor')
  await mkdir(descriptors, { recursive: true })
  const file = (kind: string) => ({ filename: join(folder, `${name}-${kind}.fd`), format })
  const mapping = { device, executable: file('code'), 'nvram-template': file('vars') }
  await writeFile(join(descriptors, `${name}.json`), JSON.stringify({ description: name, 'interface-types': interfaces, mapping, targets: [{ architecture: 'x86_64', machines }], features, tags: [] }))
  if (filesExist) for (const kind of ['code', 'vars']) await writeFile(file(kind).filename, kind)
}

async function find(query: Partial<FirmwareQuery>, knownFirmware: FirmwarePlaces['knownFirmware'] = []): Promise<string | null> {
  const found = await findUefiFirmware({ secureBoot: false, machineType: 'pc-q35-7.2', ...query }, { descriptorFolders: [join(folder, 'user'), join(folder, 'vendor')], knownFirmware })
  return found === null ? null : found.code.path.slice(folder.length + 1)
}

const enrolled = ['secure-boot', 'enrolled-keys', 'requires-smm']

test('keys and machine decide, then the order of names', async () => {
  await describe({ name: '40-enrolled', features: enrolled })
  await describe({ name: '50-empty-store', features: ['secure-boot', 'requires-smm'] })
  await describe({ name: '60-plain' })
  await describe({ name: '61-plain-too' })
  await describe({ name: '10-old-board', machines: ['pc-i440fx-*'] })
  await describe({ name: '11-bios', interfaces: ['bios'] })
  await describe({ name: '12-in-memory', device: 'memory' })
  await describe({ name: '13-strange-format', format: 'vmdk' })
  await describe({ name: '14-missing', filesExist: false })
  await writeFile(join(folder, 'vendor/15-torn.json'), '{"description":')
  expect([await find({ secureBoot: true }), await find({}), await find({ machineType: 'pc-i440fx-7.2' }), await find({ machineType: 'microvm' })]).toEqual(['40-enrolled-code.fd', '60-plain-code.fd', '10-old-board-code.fd', null])
})

test('a file of an earlier folder hides its namesake, an empty one hides and offers nothing', async () => {
  await describe({ name: '60-plain' })
  await describe({ name: '70-other' })
  await mkdir(join(folder, 'user'))
  await writeFile(join(folder, 'user/60-plain.json'), '')
  expect(await find({})).toBe('70-other-code.fd')
})

test('known places serve a host without descriptors, if the files are there', async () => {
  const known = (name: string, secureBoot: boolean) => ({ code: { path: join(folder, `${name}-code.fd`), format: 'raw' as const }, nvramTemplate: { path: join(folder, `${name}-vars.fd`), format: 'raw' as const }, secureBoot })
  for (const file of ['b-code.fd', 'b-vars.fd', 'c-code.fd']) await writeFile(join(folder, file), '')
  expect(await find({}, [known('a', false), known('c', false), known('b', true), known('b', false)])).toBe('b-code.fd')
  expect(await find({ secureBoot: true }, [known('b', false)])).toBe(null)
})
