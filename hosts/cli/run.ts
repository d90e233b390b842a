/** From the words after `mayfly` to an exit status. Code that only some commands need is loaded when they are called. */
import { answerCompletion, completionCommand } from './commands/completion.ts'
import { callCommand, printOutput } from './commands/call.ts'
import { type Call, parseCommandLine } from './command-line.ts'
import { commands as contractCommands } from './commands.generated.ts'
import { assertCanConfirm } from './confirm.ts'
import { askRunningEngine, connect, stopEngine } from './connection.ts'
import type { CommandContext, Io } from './io.ts'
import { withOwnCommands } from './own-commands.ts'
import { reportError } from './report-error.ts'
import { mayflyVersion } from '../../engine/version.ts'

/** Everything `mayfly` can be told. */
export const commands = withOwnCommands(contractCommands)

/** Never rejects: what goes wrong is told on stderr and in the exit status. */
export async function run(words: readonly string[], io: Io): Promise<number> {
  const told = { json: has(words, '--json'), noColor: has(words, '--no-color') }
  try {
    if (words[0] === '__complete') return await answerCompletion(words.slice(1), commands, (question) => askRunningEngine(question, io), io)
    const line = parseCommandLine(words, commands)
    switch (line.kind) {
      case 'version':
        io.stdout.write(`mayfly ${mayflyVersion}\n`)
        return 0
      case 'help': {
        const { helpText } = await import('./help.ts')
        io.stdout.write(helpText(line.topic, commands))
        return 0
      }
      case 'call': return await carryOut(line, io)
    }
  } catch (error) {
    return reportError(error, io, told)
  }
}

/** Whether a flag is among the words that are ours: those before `--`. */
function has(words: readonly string[], flag: string): boolean {
  const end = words.indexOf('--')
  return words.slice(0, end === -1 ? words.length : end).includes(flag)
}

async function carryOut(call: Call, io: Io): Promise<number> {
  if (call.command.name === 'completion') return completionCommand(call, io)
  if (call.command.name === 'engine run') {
    const { engineRunCommand } = await import('./commands/engine-run.ts')
    return await engineRunCommand(call, io)
  }
  if (call.command.name === 'serve') {
    const { serveCommand } = await import('./commands/serve.ts')
    return await serveCommand(call, io)
  }
  if (call.command.procedure === 'engine.shutdown') {
    printOutput(call, io, await stopEngine(call, io))
    return 0
  }
  assertCanConfirm(call, io)
  const command = await loadCommand(call, io)
  const connection = await connect(call, io)
  try {
    return await command({ call, io, connection })
  } finally {
    await connection.close()
  }
}

/** The code of a command, having looked at whether the call makes sense. */
async function loadCommand(call: Call, io: Io): Promise<(context: CommandContext) => Promise<number>> {
  switch (call.command.name) {
    case 'console': return (await import('./commands/console.ts')).consoleCommand
    case 'watch': return (await import('./commands/watch.ts')).watchCommand
    case 'log': {
      const { checkLogCall, logCommand } = await import('./commands/log.ts')
      checkLogCall(call)
      return logCommand
    }
    case 'screenshot': {
      const { checkScreenshotCall, screenshotCommand } = await import('./commands/screenshot.ts')
      checkScreenshotCall(call, io)
      return screenshotCommand
    }
    case 'exec': {
      const { checkExecCall, execCommand } = await import('./commands/exec.ts')
      checkExecCall(call, io)
      return execCommand
    }
    case 'run': {
      const { checkRunCall, runCommand } = await import('./commands/run.ts')
      await checkRunCall(call, io)
      return runCommand
    }
    case 'evidence list': return (await import('./commands/evidence.ts')).runFilesCommand
    case 'evidence file': return (await import('./commands/evidence.ts')).runFileCommand
    case 'evidence save': {
      const { checkEvidenceCall, runEvidenceCommand } = await import('./commands/evidence.ts')
      await checkEvidenceCall(call, io)
      return runEvidenceCommand
    }
    default: return callCommand
  }
}
