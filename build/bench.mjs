/**
 * `npm run bench`: builds Mayfly and its measurements, and runs them. JSON on stdout, progress on
 * stderr; arguments are passed on.
 */
import { join } from 'node:path'
import { bootstrap, root } from './bootstrap.mjs'
import { benchBundle, buildBundle, buildOrExit } from './build.mjs'
import { run } from './command.mjs'

await bootstrap()
await buildOrExit()
await buildBundle(benchBundle)
const { status } = await run(process.execPath, [join(root, 'out', benchBundle.folder, `${benchBundle.name}.mjs`), ...process.argv.slice(2)], { cwd: root, show: true })
process.exitCode = status
