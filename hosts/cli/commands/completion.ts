/** `mayfly completion SHELL`, and the hidden `mayfly __complete` behind it: fast, quiet, and never starting an engine. */
import { readBashLine, writeForBash } from '../bash-line.ts'
import type { Call } from '../command-line.ts'
import { type Ask, complete, type Completion, completionLines } from '../complete.ts'
import { completionScript, type Shell } from '../completion-scripts.ts'
import type { Io } from '../io.ts'
import type { Command } from '../manifest.ts'

export function completionCommand({ options }: Call, io: Io): number {
  io.stdout.write(completionScript(options['shell'] as Shell))
  return 0
}

/**
 * `__complete bash LINE REPLACED`, or `__complete words WORD…`, the last being the word at the
 * cursor. Whatever is wrong, there is simply nothing to offer.
 */
export async function answerCompletion(args: readonly string[], commands: readonly Command[], ask: Ask, io: Io): Promise<number> {
  const [form, ...rest] = args
  if (form === 'words') {
    io.stdout.write(completionLines(await complete(rest.slice(0, -1), rest.at(-1) ?? '', commands, ask)))
  } else if (form === 'bash') {
    const line = readBashLine(rest[0] ?? '')
    io.stdout.write(linesForBash(await complete(line.words.slice(1), line.current, commands, ask), (word) => writeForBash(word, line, rest[1] ?? '')))
  }
  return 0
}

function linesForBash(completion: Completion, write: (word: string) => string): string {
  if (completion.kind === 'files') return ':files\n'
  const words = completionLines(completion).split('\n').filter((line) => line !== '').map((line) => line.slice(0, line.lastIndexOf('\t')))
  const open = words.some((word) => word.endsWith(':')) ? [':open'] : []
  return [...open, ...words.map(write)].map((line) => `${line}\n`).join('')
}
