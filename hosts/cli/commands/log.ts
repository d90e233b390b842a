/** `mayfly log`: what the guest wrote on its serial port, or what QEMU, its monitor or the machine's history say. */
import { usageError } from '../failure.ts'
import { type CommandContext, printJson, tell, writeOut } from '../io.ts'
import { safeText } from '../safe-text.ts'

type Source = 'serial' | 'qemu' | 'qmp' | 'events'

function sourceOf(options: CommandContext['call']['options']): Source {
  const asked = (['qemu', 'qmp', 'events'] as const).filter((name) => options[name] === true)
  if (asked.length > 1) throw usageError(`--${asked[1] ?? ''}`, `One log at a time: --${asked.join(' or --')}.`)
  return asked[0] ?? 'serial'
}

/** What `log` cannot do, said before anything is called. */
export function checkLogCall({ options }: CommandContext['call']): void {
  sourceOf(options)
}

export async function logCommand({ call, io, connection: { client } }: CommandContext): Promise<number> {
  const input = { ...call.input, machine: String(call.input['machine']), source: sourceOf(call.options) }
  const show = (text: string): string => (io.stdout.isTTY === true ? safeText(text) : text)
  if (call.options['follow'] !== true) {
    const output = await client.machine.log(input)
    if (call.globals.json) printJson(io, output)
    else await writeOut(io.stdout, show(output.text))
    return 0
  }
  for await (const part of await client.machine.followLog(input)) {
    if (call.globals.json) {
      await writeOut(io.stdout, `${JSON.stringify(part)}\n`)
      continue
    }
    if (part.skippedBytes > 0 && !call.globals.quiet) tell(io, `[${part.skippedBytes} bytes left out]`)
    await writeOut(io.stdout, show(part.text))
  }
  return 0
}
