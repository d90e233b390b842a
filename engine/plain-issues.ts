/** What the contract's schemas refuse, said for people: where a schema has no sentence of its own, zod's would name types and characters of a programming language. */
import { z } from 'zod'

type Issue = Parameters<NonNullable<ReturnType<typeof z.config>['localeError']>>[0]

const kinds: Readonly<Record<string, string>> = { string: 'text', number: 'a number', int: 'a whole number', boolean: 'yes or no', array: 'a list', object: 'an object', record: 'an object' }

/** Undefined where zod's own words will do. */
function sentenceOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'too_small': return boundOf(issue.origin, Number(issue.minimum), 'at least')
    case 'too_big': return boundOf(issue.origin, Number(issue.maximum), 'at most')
    case 'invalid_type': {
      if (issue.input === undefined) return 'It is missing.'
      const kind = kinds[issue.expected]
      return kind === undefined ? undefined : `It has to be ${kind}.`
    }
    case 'invalid_value': return issue.values.length > 1 ? `It is one of ${issue.values.map(String).join(', ')}.` : undefined
    default: return undefined
  }
}

function boundOf(origin: string, bound: number, side: 'at least' | 'at most'): string | undefined {
  switch (origin) {
    case 'string': return side === 'at least' && bound === 1 ? 'It may not be empty.' : `It has ${side} ${bound} characters.`
    case 'number':
    case 'int': return `It is ${side} ${bound}.`
    case 'array': return side === 'at least' && bound === 1 ? 'At least one is needed.' : `There are ${side} ${bound} of them.`
    default: return undefined
  }
}

const { localeError: before } = z.config()
z.config({ localeError: (issue) => sentenceOf(issue) ?? before?.(issue) })
