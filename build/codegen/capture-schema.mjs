/**
 * Captures `query-qmp-schema` of a QEMU binary, because the QMP types are generated from a
 * committed capture and not from whatever QEMU happens to be installed. Enum `values` (the
 * deprecated twin of `members`) are dropped, entries stay in QEMU's order, one a line.
 *
 *   node build/codegen/capture-schema.mjs [QEMU] > engine/qemu/qmp/schema-7.2.json
 */
import { spawn } from 'node:child_process'

const binary = process.argv[2] ?? 'qemu-system-x86_64'
const qemu = spawn(binary, ['-M', 'none', '-nodefaults', '-no-user-config', '-display', 'none', '-S', '-qmp', 'stdio'], { stdio: ['pipe', 'pipe', 'inherit'] })
qemu.on('error', (error) => {
  console.error(`${binary} could not be started: ${error.message}`)
  process.exitCode = 1
})
for (const execute of ['qmp_capabilities', 'query-qmp-schema', 'quit']) qemu.stdin.write(`${JSON.stringify({ execute, id: execute })}\n`)

let output = ''
qemu.stdout.setEncoding('utf8')
for await (const chunk of qemu.stdout) output += chunk

const answer = output
  .split('\n')
  .filter((line) => line.trim() !== '')
  .map((line) => JSON.parse(line))
  .find((message) => message.id === 'query-qmp-schema')
if (!Array.isArray(answer?.return)) throw new Error(`${binary} did not answer query-qmp-schema.`)

const lines = answer.return.map(({ values: _values, ...entry }) => JSON.stringify(entry))
process.stdout.write(`[\n${lines.join(',\n')}\n]\n`)
