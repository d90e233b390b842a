/** Asks before something is destroyed: once, by name. Where nobody can be asked, `--yes` is needed. */
import { createInterface } from 'node:readline/promises'
import { MayflyError } from '../../contract/errors.ts'
import type { EngineClient } from '../../engine/engine-face.ts'
import type { Call } from './command-line.ts'
import { usageError } from './failure.ts'
import type { Io } from './io.ts'
import { safeLine } from './safe-text.ts'

/** Before anything is called. Throws `invalid-input` where an answer is needed and nobody is there to give it. */
export function assertCanConfirm(call: Call, io: Io): void {
  if (call.command.confirm !== true || call.globals.yes || canAsk(io)) return
  throw usageError('--yes', `mayfly ${call.command.name} asks before it acts, and here is nobody to ask.`, 'Give --yes if you mean it.')
}

function canAsk(io: Io): boolean {
  return io.stdin.isTTY === true && io.stderr.isTTY === true
}

/** Throws `cancelled` unless the user types the name. */
export async function confirm(call: Call, client: EngineClient, io: Io): Promise<void> {
  if (call.command.confirm !== true || call.globals.yes) return
  const { question, word } = await questionFor(call, client)
  const answer = await ask(`${question} Type ${safeLine(word)} to go on: `, io)
  if (answer.trim() !== word) throw new MayflyError('cancelled', 'Nothing was done.', {})
}

/** One line from the terminal. An ended input is an empty answer. */
export async function ask(question: string, io: Io): Promise<string> {
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal: true })
  let answered = false
  const closed = new Promise<string>((resolve) => {
    lines.once('close', () => {
      if (!answered) io.stderr.write('\n')
      resolve('')
    })
    lines.once('SIGINT', () => lines.close())
  })
  try {
    const answer = await Promise.race([lines.question(question), closed])
    answered = true
    return answer
  } finally {
    lines.close()
  }
}

async function questionFor({ command, input }: Call, client: EngineClient): Promise<{ question: string; word: string }> {
  const machine = input['machine']
  const image = input['image']
  if (command.procedure === 'trash.empty' && machine === undefined) return { question: 'This deletes everything in the trash for good.', word: 'empty' }
  if (command.procedure === 'trash.empty') return { question: `This deletes ${safeLine(String(machine))} for good.`, word: String(machine) }
  if (command.procedure === 'image.remove' && typeof image === 'string') {
    const { name } = await client.image.show({ image })
    return { question: `This removes the image ${safeLine(name)}.`, word: name }
  }
  if (command.procedure === 'machine.delete' && typeof machine === 'string') {
    const { name, state } = await client.machine.show({ machine })
    return { question: `This puts ${safeLine(name)} (${state}) in the trash.`, word: name }
  }
  if (command.procedure === 'disk.remove') return { question: `This deletes ${safeLine(String(input['disk']))} of ${safeLine(String(machine))} and its data.`, word: String(input['disk']) }
  return { question: command.summary, word: 'yes' }
}
