/** What forks are called: as asked, or after their parent. */
import { MayflyError } from '../../contract/errors.ts'
import { machineNameSchema } from '../../contract/machine.ts'
import type { Machines } from '../machine/machines.ts'

const place = '{n}'
const longestName = 80
/** Room for the numbers that a host can have. */
const numberLength = 8

/**
 * Reserves `count` names. `pattern`: `{n}` becomes the lowest numbers that are free; without it, and
 * for more than one, a number is added. Default: the parent's name, `-fork-` and a number. Throws
 * `invalid-input` where that is no name, `conflict` where the one name asked for is taken.
 */
export function reserveForkNames(machines: Machines, parentName: string, pattern: string | undefined, count: number): { readonly names: readonly string[]; readonly release: () => void } {
  const wanted = pattern ?? `${parentName.slice(0, longestName - '-fork-'.length - numberLength)}-fork-${place}`
  const template = wanted.includes(place) || count === 1 ? wanted : `${wanted}-${place}`
  const names: string[] = []
  const releases: (() => void)[] = []
  const release = (): void => {
    for (const one of releases) one()
  }
  try {
    if (!template.includes(place)) {
      releases.push(machines.reserveName(checked(template)))
      return { names: [template], release }
    }
    for (let number = 1; names.length < count; number++) {
      const name = checked(template.replaceAll(place, String(number)))
      if (!machines.isNameFree(name)) continue
      releases.push(machines.reserveName(name))
      names.push(name)
    }
    return { names, release }
  } catch (error) {
    release()
    throw error
  }
}

function checked(name: string): string {
  const result = machineNameSchema.safeParse(name)
  if (result.success) return name
  throw new MayflyError('invalid-input', `${name} cannot be a machine's name: ${result.error.issues[0]?.message ?? 'it does not fit'}`, { issues: [{ path: 'name', message: 'Choose another, shorter one.' }] })
}
