/** What can be given along with an action, as fields, and the line for a shell that does the same. Pure. */
import { shellWord } from '../../../contract/shell-word.ts'
import type { MachineVerb } from '../../state/machine-verb.ts'

export type ActionOption = 'name' | 'count' | 'label' | 'throwaway' | 'timeoutSeconds'

/** As they stand in the fields; a switch is `yes` or empty. */
export type OptionValues = Readonly<Partial<Record<ActionOption, string>>>

/** In the order of their fields. */
export const optionsOf: Readonly<Record<MachineVerb | 'rename', readonly ActionOption[]>> = {
  start: [], pause: [], resume: [], shutDown: ['timeoutSeconds'], switchOff: [], restart: ['timeoutSeconds'], reset: [], checkpoint: ['label'], fork: ['count', 'name', 'throwaway'], clone: ['name'], promote: [], keep: [], delete: [], rename: ['name'],
}

/** One whole number above zero; undefined where it is none. */
export function wholeNumber(typed: string | undefined): number | undefined {
  return typed !== undefined && /^\s*[1-9]\d{0,3}\s*$/.test(typed) ? Number(typed) : undefined
}

/** `forced`: a running machine is switched off first. */
export function actionCommand(verb: MachineVerb | 'rename', machine: string, values: OptionValues = {}, forced = false): string {
  const name = values.name?.trim() ?? ''
  const words = (...parts: readonly string[]): string => ['mayfly', ...parts].join(' ')
  // What begins with a dash comes last, behind two: else it would be taken for a flag.
  const on = (command: string, flags: readonly string[] = [], ...more: readonly string[]): string => {
    const subjects = [machine, ...more]
    return subjects.some((word) => word.startsWith('-')) ? words(command, ...flags, '--', ...subjects.map(shellWord)) : words(command, ...subjects.map(shellWord), ...flags)
  }
  switch (verb) {
    case 'start': case 'pause': case 'resume': case 'reset': case 'promote': return on(verb)
    case 'shutDown': return on('stop', wholeNumber(values.timeoutSeconds) === undefined ? [] : [`--timeout ${wholeNumber(values.timeoutSeconds)}s`])
    case 'restart': return on(verb, wholeNumber(values.timeoutSeconds) === undefined ? [] : [`--timeout ${wholeNumber(values.timeoutSeconds)}s`])
    case 'switchOff': return on('stop', ['--force'])
    case 'checkpoint': return on('checkpoint take', [], ...(values.label === undefined || values.label.trim() === '' ? [] : [values.label.trim()]))
    case 'fork': return on('fork', [
      ...((wholeNumber(values.count) ?? 1) === 1 ? [] : [`--count ${wholeNumber(values.count)}`]),
      ...(name === '' ? [] : [name.startsWith('-') ? `--name=${shellWord(name)}` : `--name ${shellWord(name)}`]),
      ...(values.throwaway === 'yes' ? ['--throwaway'] : []),
    ])
    case 'clone': return on('clone', [], ...(name === '' ? [] : [name]))
    case 'rename': return on('rename', [], ...(name === '' ? [] : [name]))
    case 'keep': return on('life', ['--no-throwaway'])
    case 'delete': return on('delete', forced ? ['--force'] : [])
  }
}
