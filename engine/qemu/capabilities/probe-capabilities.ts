/**
 * Asks one QEMU what it can do, over its monitor and without a guest. Nothing is concluded
 * from version numbers, which only decide whether Mayfly supports this QEMU at all, nor from help
 * texts, but for audio drivers, which QEMU lists nowhere else.
 */
import { MayflyError, isMayflyError } from '../../../contract/errors.ts'
import type { AcceleratorName, Capabilities, MachineType, QemuVersion } from '../argv/capabilities.ts'
import { listAudioDrivers } from '../process/list-audio-drivers.ts'
import { startTransientQemu } from '../process/transient-qemu.ts'
import { negotiateQmp } from '../qmp/connect-qmp.ts'
import type { QmpClient, QmpReturn } from '../qmp/qmp-client.ts'
import type { QemuInstallation } from './qemu-installation.ts'
import { usedDevices, usedObjects } from './used-types.ts'

/** The oldest QEMU that Mayfly drives: Debian 12's, of which the QMP types are made. */
const oldest = { major: 7, minor: 2 }

const probeTimeoutMs = 20_000

/**
 * Starts the QEMU (about 0.2 s) and asks. A device whose modules are only partly installed
 * makes QEMU abort when it is looked at, and would when it is used: such a device is left out,
 * for which QEMU is started once more.
 *
 * @throws MayflyError 'unsupported' when it is older than 7.2, 'host-unavailable' when it
 * cannot be started, 'qemu-launch-failed' when it ends before it has answered.
 */
export async function probeCapabilities(installation: QemuInstallation): Promise<Capabilities> {
  const fatalDevices = new Set<string>()
  for (;;) {
    const attempt: ProbeAttempt = { fatalDevices, lookingAt: null }
    const outcome = await probeOnce(installation, attempt)
    if (!(outcome instanceof MayflyError)) return outcome
    if (attempt.lookingAt === null) throw outcome
    fatalDevices.add(attempt.lookingAt)
  }
}

interface ProbeAttempt {
  readonly fatalDevices: ReadonlySet<string>
  /** The device QEMU looks at just now. */
  lookingAt: string | null
}

/** Capabilities, or the error that tells how QEMU ended meanwhile. */
async function probeOnce(installation: QemuInstallation, attempt: ProbeAttempt): Promise<Capabilities | MayflyError> {
  const qemu = await startTransientQemu(installation, ['-machine', 'none', '-S'])
  try {
    const client = await negotiateQmp(qemu.monitor, { timeoutMs: probeTimeoutMs })
    const capabilities = await ask(client, attempt)
    client.close()
    return { ...capabilities, audioDrivers: await listAudioDrivers(installation) }
  } catch (cause) {
    if (!isMayflyError(cause, 'qmp-interrupted')) throw cause
    const exit = await qemu.exited
    return new MayflyError('qemu-launch-failed', `${installation.binary} ended while it was asked what it can do.`, exit, { cause, next: 'See mayfly doctor; MAYFLY_QEMU names another QEMU.' })
  } finally {
    await qemu.stop()
  }
}

async function ask(client: QmpClient, attempt: ProbeAttempt): Promise<Omit<Capabilities, 'audioDrivers'>> {
  const qemuVersion = describeVersion(await client.execute('query-version'))
  refuseOld(qemuVersion)
  const schema = new SchemaEnums(await client.execute('query-qmp-schema'))
  const devices = (await typesImplementing(client, 'device')).filter((name) => !attempt.fatalDevices.has(name))
  const creatable = await typesImplementing(client, 'user-creatable')
  const objects = schema.tagValues('object-add').filter((name) => creatable.includes(name))
  const options = (await client.execute('query-command-line-options')).map(({ option }) => option)
  const deviceProperties = await propertiesOf(usedDevices, devices, async (typename) => {
    attempt.lookingAt = typename
    return await client.execute('device-list-properties', { typename })
  })
  attempt.lookingAt = null
  return {
    qemuVersion,
    machineTypes: (await client.execute('query-machines')).map(describeMachine).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    devices,
    deviceProperties,
    objects,
    objectProperties: await propertiesOf(usedObjects, objects, async (typename) => await client.execute('qom-list-properties', { typename })),
    cpuModels: sorted((await client.execute('query-cpu-definitions')).map(({ name }) => name)),
    blockdevDrivers: schema.tagValues('blockdev-add'),
    netdevTypes: await usableNetdevTypes(client, schema.tagValues('netdev_add')),
    chardevBackends: sorted((await client.execute('query-chardev-backends')).map(({ name }) => name)),
    displayTypes: schema.tagValues('query-display-options'),
    tpmModels: sorted(await client.execute('query-tpm-models')),
    tpmBackends: sorted(await client.execute('query-tpm-types')),
    commands: sorted((await client.execute('query-commands')).map(({ name }) => name)),
    migrationCapabilities: sorted((await client.execute('query-migrate-capabilities')).map(({ capability }) => capability)),
    accelerators: acceleratorsAmong(await typesImplementing(client, 'accel')),
    sandbox: options.includes('sandbox'),
    vnc: options.includes('vnc'),
  }
}

function refuseOld({ major, minor, text }: QemuVersion): void {
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return
  throw new MayflyError('unsupported', `QEMU ${text} is too old: Mayfly needs ${oldest.major}.${oldest.minor} or newer.`, {
    needs: `QEMU ${oldest.major}.${oldest.minor}`,
    have: `QEMU ${text}`,
  })
}

function describeVersion({ qemu, package: vendor }: QmpReturn<'query-version'>): QemuVersion {
  const { major, minor, micro } = qemu
  return { major, minor, micro, text: `${major}.${minor}.${micro}${vendor === '' ? '' : ` (${vendor})`}` }
}

function describeMachine(machine: QmpReturn<'query-machines'>[number]): MachineType {
  return {
    name: machine.name,
    ...(machine.alias === undefined ? {} : { alias: machine.alias }),
    cpuMax: machine['cpu-max'],
    default: machine['is-default'] ?? false,
    deprecated: machine.deprecated,
  }
}

async function typesImplementing(client: QmpClient, type: string): Promise<string[]> {
  return sorted((await client.execute('qom-list-types', { implements: type, abstract: false })).map(({ name }) => name))
}

async function propertiesOf(wanted: readonly string[], present: readonly string[], list: (type: string) => Promise<readonly { readonly name: string }[]>): Promise<Record<string, readonly string[]>> {
  const properties: Record<string, readonly string[]> = {}
  for (const type of wanted) {
    if (present.includes(type)) properties[type] = sorted((await list(type)).map(({ name }) => name))
  }
  return properties
}

/** QAPI names `user` even where it is not compiled in, so it is tried. */
async function usableNetdevTypes(client: QmpClient, types: readonly string[]): Promise<readonly string[]> {
  try {
    await client.execute('netdev_add', { type: 'user', id: 'probe' })
    return types
  } catch (error) {
    if (isMayflyError(error, 'qmp-failed')) return types.filter((type) => type !== 'user')
    throw error
  }
}

function acceleratorsAmong(types: readonly string[]): AcceleratorName[] {
  const known: readonly AcceleratorName[] = ['kvm', 'tcg']
  return known.filter((name) => types.includes(`${name}-accel`))
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted()
}

type Schema = QmpReturn<'query-qmp-schema'>

/** The values that tag a command's union, as introspection tells them. */
class SchemaEnums {
  readonly #entries: ReadonlyMap<string, Schema[number]>

  constructor(schema: Schema) {
    this.#entries = new Map(schema.map((entry) => [entry.name, entry]))
  }

  /** Sorted; empty where this QEMU lacks the command. Looks at its arguments, or at its answer if it takes none. */
  tagValues(command: string): string[] {
    const entry = this.#entries.get(command)
    if (entry?.['meta-type'] !== 'command') return []
    return this.#tagValuesOf(entry['arg-type']) ?? this.#tagValuesOf(entry['ret-type']) ?? []
  }

  #tagValuesOf(type: string): string[] | undefined {
    const entry = this.#entries.get(type)
    if (entry?.['meta-type'] === 'array') return this.#tagValuesOf(entry['element-type'])
    if (entry?.['meta-type'] !== 'object' || entry.tag === undefined) return undefined
    const tag = this.#entries.get(entry.members.find(({ name }) => name === entry.tag)?.type ?? '')
    return tag?.['meta-type'] === 'enum' ? sorted(tag.members.map(({ name }) => name)) : undefined
  }
}
