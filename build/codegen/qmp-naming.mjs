/**
 * Gives every type of an introspected QMP schema a name that depends on nothing but the
 * paths that reach it, so that a regeneration from a newer capture moves few lines. Walks
 * breadth first from commands and events in alphabetical order: the shortest path wins.
 */

/** `blockdev-add` -> `BlockdevAdd`, `JOB_STATUS_CHANGE` -> `JobStatusChange`. */
export function pascalCase(text) {
  const words = /^[A-Z0-9_]+$/.test(text) ? text.toLowerCase() : text
  return words
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('')
}

/** The types directly below `entry`, each with the step of the path that leads there. */
function stepsBelow(entry) {
  switch (entry['meta-type']) {
    case 'command':
      return [{ step: 'arguments', type: entry['arg-type'] }, { step: 'return', type: entry['ret-type'] }]
    case 'event':
      return [{ step: 'data', type: entry['arg-type'] }]
    case 'array':
      return [{ step: '[]', type: entry['element-type'] }]
    case 'object':
      return [
        ...entry.members.map(({ name, type }) => ({ step: name, type })),
        ...(entry.variants ?? []).map((variant) => ({ step: variant.case, type: variant.type })),
      ]
    case 'alternate':
      return entry.members.map(({ type }, index) => ({ step: `choice-${index + 1}`, type }))
    default:
      return []
  }
}

const stepNames = { '[]': 'Item' }

/**
 * Names for all objects, enums and alternates of the schema that something reaches, by their
 * introspected name, in the order in which they are reached.
 *
 * @param {Map<string, object>} entries the schema by name
 * @param {Record<string, string>} namesByPath names given by hand
 * @returns {Map<string, string>}
 */
export function nameTypes(entries, namesByPath) {
  const given = new Map()
  for (const [path, name] of Object.entries(namesByPath)) given.set(resolvePath(entries, path), name)

  const roots = [...entries.values()]
    .filter((entry) => entry['meta-type'] === 'command' || entry['meta-type'] === 'event')
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => ({ entry, name: pascalCase(entry.name) + (entry['meta-type'] === 'event' ? 'Event' : '') }))

  const names = new Map()
  const taken = new Set(['QmpCommands', 'QmpEvents', 'Empty', ...given.values()])
  const visited = new Set()
  for (const queue = roots; queue.length > 0;) {
    const { entry, name } = queue.shift()
    for (const { step, type } of stepsBelow(entry)) {
      const below = entries.get(type)
      if (below === undefined) throw new Error(`${entry.name} names the unknown type ${type}.`)
      if (visited.has(type)) continue
      visited.add(type)
      let belowName = given.get(type) ?? name + (stepNames[step] ?? pascalCase(step))
      if (needsName(below)) {
        if (!given.has(type)) belowName = freeName(belowName, taken)
        taken.add(belowName)
        names.set(type, belowName)
      }
      queue.push({ entry: below, name: belowName })
    }
  }
  return names
}

function needsName(entry) {
  if (entry['meta-type'] === 'object') return entry.members.length > 0 || entry.variants !== undefined
  return entry['meta-type'] === 'enum' || entry['meta-type'] === 'alternate'
}

function freeName(wanted, taken) {
  let name = wanted
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}${number}`
  return name
}

function resolvePath(entries, path) {
  let entry = entries.get(path.split('/')[0])
  for (const step of path.split('/').slice(1)) {
    const type = entry && stepsBelow(entry).find((below) => below.step === step)?.type
    entry = type === undefined ? undefined : entries.get(type)
  }
  if (entry === undefined) throw new Error(`The schema has no ${path}, which a hand-given type name refers to.`)
  return entry.name
}
