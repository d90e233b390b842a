/**
 * What one device brings to the command line, before it is text. The same objects go over QMP when
 * a device is plugged into a running machine (`object-add`, `blockdev-add`, `netdev_add`,
 * `device_add`), so a plugged device is exactly the device the next start would give.
 */

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/** `object-add` and `-object`. */
export interface ObjectArgument extends JsonObject {
  readonly 'qom-type': string
  readonly id: string
}
/** `blockdev-add` and `-blockdev`. */
export interface BlockdevArgument extends JsonObject {
  readonly driver: string
  readonly 'node-name': string
}
/** `netdev_add` and `-netdev`. */
export interface NetdevArgument extends JsonObject {
  readonly type: string
  readonly id: string
}
/** `-audiodev`. */
export interface AudiodevArgument extends JsonObject {
  readonly driver: string
  readonly id: string
}
/** `device_add` and `-device`. */
export interface DeviceArgument extends JsonObject {
  readonly driver: string
  readonly id: string
}

export interface DeviceArguments {
  /** Comma-separated, already escaped: QEMU reads no JSON for `-chardev` (7.2 to 10.0). */
  readonly chardevs?: readonly string[]
  /** As chardevs: `-tpmdev` reads no JSON either. */
  readonly tpmdevs?: readonly string[]
  readonly objects?: readonly ObjectArgument[]
  /** A node stands after those it refers to. */
  readonly blockdevs?: readonly BlockdevArgument[]
  readonly netdevs?: readonly NetdevArgument[]
  readonly audiodevs?: readonly AudiodevArgument[]
  /** A device stands after the bus it sits on. */
  readonly devices?: readonly DeviceArgument[]
}

/** A value of QEMU's comma-separated options, where a comma is written twice (qemu-options, `parse_opts`). */
export function escapeCommas(value: string): string {
  return value.replaceAll(',', ',,')
}

/** `socket,id=qmp,path=/a,,b`: a first word, then keys and values that are escaped here. */
export function commaOptions(first: string, options: Readonly<Record<string, string | number>>): string {
  return [first, ...Object.entries(options).map(([key, value]) => `${key}=${escapeCommas(String(value))}`)].filter((part) => part !== '').join(',')
}

/** A chardev that listens on a unix socket and never waits for, or is ended by, who connects. */
export function listeningChardev(id: string, path: string, log?: { readonly file: string }): string {
  return commaOptions('socket', { id, path, server: 'on', wait: 'off', ...(log === undefined ? {} : { logfile: log.file, logappend: 'on' }) })
}

/** The arguments as text: back ends first, since devices name them. */
export function renderDeviceArguments(parts: readonly DeviceArguments[]): string[] {
  const option = (name: string, values: readonly string[]): string[] => values.flatMap((value) => [name, value])
  const json = (values: readonly JsonObject[]): string[] => values.map((value) => JSON.stringify(value))
  return [
    ...option('-object', json(parts.flatMap((part) => part.objects ?? []))),
    ...option('-chardev', parts.flatMap((part) => part.chardevs ?? [])),
    ...option('-tpmdev', parts.flatMap((part) => part.tpmdevs ?? [])),
    ...option('-blockdev', json(parts.flatMap((part) => part.blockdevs ?? []))),
    ...option('-netdev', json(parts.flatMap((part) => part.netdevs ?? []))),
    ...option('-audiodev', json(parts.flatMap((part) => part.audiodevs ?? []))),
    ...option('-device', json(parts.flatMap((part) => part.devices ?? []))),
  ]
}
