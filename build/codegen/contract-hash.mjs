/**
 * `node build/codegen/contract-hash.mjs [--check]`: writes the contract's hash, by which a client
 * and an engine of different versions know each other. Made here, so that it costs nothing when
 * the command line starts. Comments do not count; every word that is code does.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { root } from '../bootstrap.mjs'
import { filesBelow } from '../content-stamp.mjs'
import { writeGenerated } from './generated-file.mjs'

const folder = join(root, 'contract')
const sources = filesBelow([folder], (path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.generated.ts'))
const hash = createHash('sha256')
for (const source of sources.sort()) {
  const { outputText } = ts.transpileModule(readFileSync(source, 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true },
  })
  hash.update(`${relative(folder, source)}\0${outputText}\0`)
}
writeGenerated(
  'contract/contract-hash.generated.ts',
  `// Made by: node build/codegen/contract-hash.mjs
/** Changes whenever the contract does. A client whose hash differs from its engine's starts the engine anew. */
export const contractHash = '${hash.digest('hex').slice(0, 16)}'
`,
)
