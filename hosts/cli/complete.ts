/**
 * What may come next on a command line: the hidden `mayfly __complete`, called by the scripts of
 * completion-scripts.ts on every Tab. Names are asked of a running engine; none is ever started.
 */
import type { EngineClient } from '../../engine/engine-face.ts'
import { isGroup, spellings } from './command-line.ts'
import type { Command, Field, Flag, Reference } from './manifest.ts'
import { globalFlags } from './own-commands.ts'
import { safeLine } from './safe-text.ts'

export interface Candidate {
  readonly word: string
  readonly description: string
}

/** `files`: the shell completes names of files. */
export type Completion = { readonly kind: 'words'; readonly candidates: readonly Candidate[] } | { readonly kind: 'files' }

/** Asks a running engine; undefined where none runs or it takes too long. */
export type Ask = <T>(question: (client: EngineClient) => Promise<T>) => Promise<T | undefined>

const nothing: Completion = { kind: 'words', candidates: [] }

/** @param words all words after `mayfly` before the one at the cursor. @param current that one, possibly empty */
export async function complete(words: readonly string[], current: string, commands: readonly Command[], ask: Ask): Promise<Completion> {
  const { command, group, rest } = commandAt(words, commands)
  if (command === undefined) return startingWith(current, current.startsWith('-') ? flagWords(globalFlags) : commandWords(commands, group))
  const flags = [...command.flags, ...globalFlags]
  const state = placeAt(command, flags, rest)
  if (state.kind === 'nothing') return nothing
  if (state.kind === 'value') return await valuesOf(state.flag, current, ask)
  const inline = /^(--[^=]+)=(.*)$/s.exec(current)
  if (inline !== null && !state.afterDashes) {
    const flag = flags.find((candidate) => `--${candidate.name}` === inline[1])
    if (flag === undefined) return nothing
    const values = await valuesOf(flag, inline[2] ?? '', ask)
    return values.kind === 'files' ? values : { kind: 'words', candidates: values.candidates.map((candidate) => ({ ...candidate, word: `${inline[1] ?? ''}=${candidate.word}` })) }
  }
  if (current.startsWith('-') && !state.afterDashes) return startingWith(current, flagWords(flags))
  if (command.name === 'help') return startingWith(current, commandWords(commands, rest.find((word) => isGroup(commands, word))))
  const place = command.positionals[state.index]
  if (place === undefined || place.rest === true) return nothing
  return await valuesOf(place, current, ask)
}

function commandAt(words: readonly string[], commands: readonly Command[]): { command?: Command; group?: string; rest: readonly string[] } {
  let group: string | undefined
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-')) continue
    const name = group === undefined ? word : `${group} ${word}`
    const command = commands.find((candidate) => candidate.name === name)
    if (command !== undefined) return { command, rest: words.slice(index + 1) }
    if (group === undefined && isGroup(commands, word)) group = word
    else break
  }
  return { ...(group === undefined ? {} : { group }), rest: [] }
}

type Place = { readonly kind: 'place'; readonly index: number; readonly afterDashes: boolean } | { readonly kind: 'value'; readonly flag: Flag } | { readonly kind: 'nothing' }

function placeAt(command: Command, flags: readonly Flag[], rest: readonly string[]): Place {
  let index = 0
  let afterDashes = false
  let awaited: Flag | undefined
  for (const word of rest) {
    if (awaited !== undefined) {
      awaited = undefined
      continue
    }
    if (!afterDashes && word === '--') {
      if (index > 0 && command.positionals.at(-1)?.rest === true) return { kind: 'nothing' }
      afterDashes = true
    } else if (!afterDashes && word.startsWith('-')) {
      const flag = flags.find((candidate) => `--${candidate.name}` === word || (candidate.short !== undefined && `-${candidate.short}` === word))
      if (flag !== undefined && flag.kind !== 'boolean') awaited = flag
    } else {
      index++
    }
  }
  return awaited === undefined ? { kind: 'place', index, afterDashes } : { kind: 'value', flag: awaited }
}

function commandWords(commands: readonly Command[], group: string | undefined): Candidate[] {
  if (group !== undefined) return commands.filter(({ name }) => name.startsWith(`${group} `)).map(({ name, summary }) => ({ word: name.slice(group.length + 1), description: summary }))
  const words = new Map<string, string>()
  for (const { name, summary } of commands) {
    const [first = '', second] = name.split(' ')
    if (!words.has(first)) words.set(first, second === undefined ? summary : `${first} …`)
  }
  return [...words].map(([word, description]) => ({ word, description }))
}

function flagWords(flags: readonly Flag[]): Candidate[] {
  return flags.flatMap((flag) => spellings(flag).map((word) => ({ word, description: flag.description })))
}

function startingWith(current: string, candidates: readonly Candidate[]): Completion {
  return { kind: 'words', candidates: candidates.filter(({ word }) => word.startsWith(current)) }
}

async function valuesOf(field: Field, current: string, ask: Ask): Promise<Completion> {
  if (field.values !== undefined) return startingWith(current, field.values.map((word) => ({ word, description: '' })))
  if (field.refers === 'file') return { kind: 'files' }
  if (field.refers !== undefined) return startingWith(current, await referenced(field.refers, ask))
  if (field.name === 'for') return startingWith(current, ['running', 'stopped', 'agent', 'serial:'].map((word) => ({ word, description: '' })))
  return nothing
}

async function referenced(what: Exclude<Reference, 'file'>, ask: Ask): Promise<Candidate[]> {
  const named = (things: readonly { readonly name: string; readonly about: string }[] | undefined): Candidate[] => (things ?? []).map(({ name, about }) => ({ word: name, description: about }))
  switch (what) {
    case 'machine': return named(await ask(async (client) => (await client.machine.list({})).map(({ name, state }) => ({ name, about: state }))))
    case 'template': return named(await ask(async (client) => (await client.template.list({})).map(({ name, image }) => ({ name, about: image?.name ?? 'template' }))))
    case 'image': return named(await ask(async (client) => (await client.image.list({})).map(({ name, kind }) => ({ name, about: kind }))))
    case 'trash': return named(await ask(async (client) => (await client.trash.list({})).map(({ name }) => ({ name, about: 'in the trash' }))))
    case 'job': return named(await ask(async (client) => (await client.job.list({})).map(({ id, title }) => ({ name: id, about: title }))))
  }
}

/** One candidate a line, a tab before its description; `:files` alone asks the shell to complete files. */
export function completionLines(completion: Completion): string {
  if (completion.kind === 'files') return ':files\n'
  return completion.candidates
    .filter(({ word }) => safeLine(word) === word)
    .map(({ word, description }) => `${word}\t${safeLine(description)}\n`)
    .join('')
}
