/**
 * `npm run generate`: writes every committed file that is made from something else.
 * `npm run generate -- --check` fails where such a file is not what would be written.
 * A generator is a script that writes its own file, and with `--check` compares it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'
import { run } from './command.mjs'
import { generators } from './generators.mjs'

const check = process.argv.includes('--check')
await bootstrap({ system: false })
let stale = 0
for (const generator of generators.filter((script) => existsSync(join(root, script)))) {
  const { status, output } = await run(process.execPath, [join(root, generator), ...(check ? ['--check'] : [])], { cwd: root })
  if (output !== '') console.log(output.trimEnd())
  if (status !== 0) {
    stale++
    console.log(check ? `${generator}: run "npm run generate" and commit what it writes.` : `${generator} failed with status ${status}.`)
  }
}
process.exitCode = stale === 0 ? 0 : 1
