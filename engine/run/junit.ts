/**
 * A run as junit.xml, in the form that both Ant's and Jenkins' schemas take: a suite for each cell,
 * whose only case is its command, since a suite is where both want the output.
 */
import type { Run, RunCell } from '../../contract/run.ts'
import { cellTitle } from './plan-run.ts'

export interface JunitOutput {
  readonly stdout: string
  readonly stderr: string
}

/** `outputs`: what each cell wrote, or as much as shall be told of it. */
export function junitXml(run: Run, hostName: string, outputs: (index: number) => JunitOutput): string {
  const suites = run.cells.map((cell) => suiteOf(run, cell, hostName, outputs(cell.index)))
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`
}

function suiteOf(run: Run, cell: RunCell, hostName: string, output: JunitOutput): string {
  const title = cellTitle(cell, run.cells.length, run.count)
  const name = title === '' ? run.template.name : `${run.template.name} (${title})`
  const seconds = ((cell.durationMs ?? 0) / 1000).toFixed(3)
  const verdict = verdictOf(cell)
  const properties = Object.entries(cell.values).map(([key, value]) => `      <property name=${attribute(key)} value=${attribute(value)}/>\n`)
  const at = (cell.startedAt ?? run.startedAt).slice(0, 19)
  return [
    `  <testsuite name=${attribute(name)} package="mayfly" id="${cell.index}" tests="1" failures="${verdict.kind === 'failure' ? 1 : 0}" errors="${verdict.kind === 'error' ? 1 : 0}" time="${seconds}" timestamp="${at}" hostname=${attribute(hostName)}>\n`,
    `    <properties>\n${properties.join('')}    </properties>\n`,
    `    <testcase classname=${attribute(`mayfly.${run.template.name}`)} name=${attribute(run.argv.join(' '))} time="${seconds}">\n`,
    verdict.kind === null ? '' : `      <${verdict.kind} type=${attribute(cell.state)} message=${attribute(verdict.message)}>${text(verdict.message)}</${verdict.kind}>\n`,
    '    </testcase>\n',
    `    <system-out>${text(output.stdout)}</system-out>\n`,
    `    <system-err>${text(output.stderr)}</system-err>\n`,
    '  </testsuite>\n',
  ].join('')
}

/** A command that failed is a failure; what kept it from being carried out is an error. */
function verdictOf(cell: RunCell): { readonly kind: 'failure' | 'error' | null; readonly message: string } {
  if (cell.state === 'passed') return { kind: null, message: '' }
  if (cell.state === 'timed-out') return { kind: 'failure', message: cell.reason ?? 'The time was over.' }
  if (cell.exitStatus !== null) return { kind: 'failure', message: `The command ended with status ${cell.exitStatus}.` }
  if (cell.signal !== null) return { kind: 'failure', message: `The command was ended by ${cell.signal}.` }
  return { kind: 'error', message: cell.reason ?? 'It was not carried out.' }
}

/** What XML cannot hold is shown as an escape. */
function text(value: string): string {
  return value
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, (character) => String.raw`\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`)
    .replace(/[&<>]/g, (character) => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'))
}

function attribute(value: string): string {
  return `"${text(value).replaceAll('"', '&quot;').replace(/[\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`)}"`
}
