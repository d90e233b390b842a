/**
 * What the goldens say to QEMU in JSON is what QMP's own introspection allows: the same objects go
 * over the monitor when a device is plugged in. Device properties, which QMP does not type, are checked
 * against those that were probed.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { capturedVersions, readCapabilities, readGoldenCases, renderCase } from './golden-cases.fixture.ts'

interface SchemaMember {
  readonly name: string
  readonly type: string
  /** Present where the member may be left out. */
  readonly default?: null
}

interface SchemaEntity {
  readonly name: string
  readonly 'meta-type': 'command' | 'event' | 'builtin' | 'enum' | 'array' | 'object' | 'alternate'
  readonly 'arg-type'?: string
  readonly 'json-type'?: string
  readonly 'element-type'?: string
  /** Of an object, an enum or an alternate; an enum's have a name alone, an alternate's a type alone. */
  readonly members?: readonly SchemaMember[]
  readonly tag?: string
  readonly variants?: readonly { readonly case: string; readonly type: string }[]
}

const schema = new Map((JSON.parse(readFileSync(new URL('../qmp/schema-7.2.json', import.meta.url), 'utf8')) as SchemaEntity[]).map((entity) => [entity.name, entity]))

function entity(name: string): SchemaEntity {
  const found = schema.get(name)
  if (found === undefined) throw new Error(`The schema has no ${name}.`)
  return found
}

/** What is wrong with `value` as a value of this type; empty where nothing is. */
function misfits(value: unknown, typeName: string, path: string): string[] {
  const type = entity(typeName)
  switch (type['meta-type']) {
    case 'builtin':
      return isBuiltin(value, type['json-type'] ?? '') ? [] : [`${path} is not ${typeName}`]
    case 'enum':
      return (type.members ?? []).some((member) => member.name === value) ? [] : [`${path} is not one of ${typeName}`]
    case 'array':
      return Array.isArray(value) ? value.flatMap((item, index) => misfits(item, type['element-type'] ?? '', `${path}.${index}`)) : [`${path} is not an array`]
    case 'alternate':
      return (type.members ?? []).some((member) => misfits(value, member.type, path).length === 0) ? [] : [`${path} fits no alternative`]
    case 'object':
      return misfitsOfObject(value, type, path)
    case 'command':
    case 'event':
      return [`${typeName} is no type`]
  }
}

function isBuiltin(value: unknown, jsonType: string): boolean {
  if (jsonType === 'int') return Number.isSafeInteger(value)
  if (jsonType === 'null') return value === null
  return jsonType === 'value' || typeof value === jsonType
}

function misfitsOfObject(value: unknown, type: SchemaEntity, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is not an object`]
  const given = value as Record<string, unknown>
  const variant = type.variants?.find(({ case: name }) => name === given[type.tag ?? ''])
  const members = [...(type.members ?? []), ...(variant === undefined ? [] : (entity(variant.type).members ?? []))]
  const known = new Map(members.map((member) => [member.name, member]))
  return [
    ...Object.entries(given).flatMap(([key, inner]) => {
      const member = known.get(key)
      return member === undefined ? [`${path}.${key} is not known`] : misfits(inner, member.type, `${path}.${key}`)
    }),
    ...members.filter((member) => !('default' in member) && !(member.name in given)).map((member) => `${path}.${member.name} is missing`),
  ]
}

interface Emitted {
  readonly golden: string
  readonly option: string
  readonly value: Readonly<Record<string, unknown>>
}

function emittedBy(version: (typeof capturedVersions)[number]): Emitted[] {
  return readGoldenCases().flatMap((golden) => {
    const { suffix, text } = renderCase(golden, version)
    if (suffix === 'err') return []
    const lines = text.trimEnd().split('\n')
    return lines.flatMap((line, index) => (line.startsWith('{') ? [{ golden: golden.name, option: lines[index - 1] ?? '', value: JSON.parse(line) as Record<string, unknown> }] : []))
  })
}

const commandOf: Readonly<Record<string, string>> = { '-blockdev': 'blockdev-add', '-netdev': 'netdev_add', '-object': 'object-add' }

test.each(capturedVersions)('back ends for %s fit the QMP schema', (version) => {
  const emitted = emittedBy(version).filter(({ option }) => option in commandOf)
  const wrong = emitted.flatMap(({ golden, option, value }) => misfits(value, entity(commandOf[option] ?? '')['arg-type'] ?? '', `${golden} ${option}`))
  expect([wrong, emitted.length > 200]).toEqual([[], true])
})

test.each(capturedVersions)('devices for %s have only properties it knows', (version) => {
  const { deviceProperties } = readCapabilities(version)
  // What every device takes besides its properties (qdev_device_add).
  const always = ['driver', 'id', 'bus']
  const wrong = emittedBy(version)
    .filter(({ option }) => option === '-device')
    .flatMap(({ golden, value }) => {
      const known = deviceProperties[String(value['driver'])]
      if (known === undefined) return [`${golden}: ${String(value['driver'])} was not probed`]
      return Object.keys(value).filter((key) => !always.includes(key) && !known.includes(key)).map((key) => `${golden}: ${String(value['driver'])}.${key}`)
    })
  expect([...new Set(wrong)]).toEqual([])
})

test('a QEMU id is given once in a machine, nodes before those that use them', () => {
  const wrong = capturedVersions.flatMap((version) => {
    const byGolden = new Map<string, Emitted[]>()
    for (const item of emittedBy(version)) byGolden.set(item.golden, [...(byGolden.get(item.golden) ?? []), item])
    return [...byGolden].flatMap(([golden, items]) => {
      const seen = new Set<string>()
      return items.flatMap(({ option, value }) => {
        const kind = option === '-blockdev' ? 'node' : option
        const id = `${kind} ${String(value['node-name'] ?? value['id'])}`
        const again = seen.has(id) ? [`${golden}: ${id} twice`] : []
        seen.add(id)
        const usedNodes = [value['file'], value['backing'], value['drive']].filter((node) => typeof node === 'string')
        return [...again, ...usedNodes.filter((node) => !seen.has(`node ${node}`)).map((node) => `${golden}: ${node} used before it is there`)]
      })
    })
  })
  expect(wrong).toEqual([])
})
