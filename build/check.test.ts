/**
 * A checker that never fails checks nothing. Each one gets a small house of the real layout under
 * the real rules, passes it, and then has to find every violation planted there.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { checkers } from './checkers.mjs'
import { generators } from './generators.mjs'

const checkout = dirname(dirname(fileURLToPath(import.meta.url)))
const houses: string[] = []
afterAll(() => {
  for (const house of houses) rmSync(house, { recursive: true, force: true })
})

const projects = (JSON.parse(readFileSync(join(checkout, 'tsconfig.json'), 'utf8')) as { references: { path: string }[] }).references.map(({ path }) => path)
const rules = [
  '.oxlintrc.json', '.dependency-cruiser.mjs', 'knip.json', 'tsconfig.json', 'vitest.config.ts', 'package-lock.json', 'build/tsconfig',
  ...projects.map((project) => `${project}/tsconfig.json`),
]

const sound: Readonly<Record<string, string>> = {
  'contract/greeting.ts': `export function greet(name: string): string {\n  return 'hello ' + name\n}\n`,
  'engine/qemu/argv/build-argv.ts': `import { greet } from '../../../contract/greeting.ts'\n\nexport function buildArgv(name: string): string[] {\n  return ['-name', greet(name)]\n}\n`,
  'engine/machine/start.ts': `import { setTimeout } from 'node:timers/promises'\nimport { buildArgv } from '../qemu/argv/build-argv.ts'\n\nexport async function start(): Promise<string[]> {\n  await setTimeout(1)\n  return buildArgv('a')\n}\n`,
  'hosts/cli/main.ts': `import { start } from '../../engine/machine/start.ts'\n\nconsole.log(await start())\n`,
  'e2e/smoke.test.ts': `import { expect, test } from 'vitest'\nimport { greet } from '../contract/greeting.ts'\n\ntest('greets', () => {\n  expect(greet('a')).toBe('hello a')\n})\n`,
  'bench/main.ts': `import { start } from '../engine/machine/start.ts'\n\nconsole.log(await start())\n`,
  'build/codegen/nothing.mjs': `export {}\n`,
  'build/bundle.mjs': `import { build } from 'rolldown'\n\nawait build({ input: 'contract/greeting.ts' })\n`,
}

/** A house of its own with the real rules, the sound files and these besides. */
function house(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'mayfly-check-'))
  houses.push(root)
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'))
  for (const rule of rules) cpSync(join(checkout, rule), join(root, rule), { recursive: true })
  const manifest = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { dependencies: unknown; devDependencies: Record<string, string> }
  const { dependencies: _dependencies, devDependencies, ...rest } = manifest
  const used = { rolldown: devDependencies['rolldown'], vitest: devDependencies['vitest'] }
  writeFileSync(join(root, 'package.json'), JSON.stringify({ ...rest, devDependencies: used, scripts: { build: 'node build/bundle.mjs' } }))
  for (const [path, text] of Object.entries({ ...sound, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

async function check(name: string, root: string): Promise<{ passed: boolean; output: string }> {
  const checker = checkers.find((candidate) => candidate.name === name)
  if (checker === undefined) throw new Error(`no checker ${name}`)
  return checker.check(root)
}

/** What is planted: the file, its text, and what one of the checker's findings must say about it. */
type Planted = readonly [path: string, text: string, said: RegExp]

const planted: Readonly<Record<string, readonly Planted[]>> = {
  types: [
    ['engine/page.ts', `export const title: string = document.title\n`, /engine\/page\.ts.*TS2584/],
    ['contract/pid.ts', `export const pid: number = process.pid\n`, /contract\/pid\.ts.*TS2591/],
    ['engine/qemu/argv/home.ts', `import { homedir } from 'node:os'\n\nexport const home: string = homedir()\n`, /argv\/home\.ts.*TS2591/],
    ['hosts/cli/first.ts', `export const first = (list: string[]): string => list[0]\n`, /cli\/first\.ts.*TS2322/],
    ['engine/optional.ts', `export const options: { name?: string } = { name: undefined }\n`, /engine\/optional\.ts.*TS2375/],
    ['engine/color.ts', `export enum Color {\n  red,\n}\n`, /engine\/color\.ts.*TS1294/],
    ['build/script.mjs', `/** @type {number} */\nexport const answer = 'forty-two'\n`, /build\/script\.mjs.*TS2322/],
  ],
  lint: [
    ['engine/any.ts', `export const anything: any = 1\n`, /no-explicit-any[^]*engine\/any\.ts/],
    ['engine/floating.ts', `import { start } from './machine/start.ts'\n\nexport function go(): void {\n  start()\n}\n`, /no-floating-promises[^]*engine\/floating\.ts/],
    ['engine/default.ts', `export default function nothing(): void {}\n`, /no-default-export[^]*engine\/default\.ts/],
    ['engine/switch.ts', `export function word(state: 'on' | 'off'): string {\n  switch (state) {\n    case 'on':\n      return 'on'\n  }\n  return ''\n}\n`, /switch-exhaustiveness-check[^]*engine\/switch\.ts/],
    ['engine/ignore.ts', `// @ts-ignore\nexport const one: string = 1\n`, /ban-ts-comment[^]*engine\/ignore\.ts/],
    ['engine/machine/run.ts', `import { spawn } from 'node:child_process'\n\nexport const child = spawn('true')\n`, /no-restricted-imports[^]*engine\/machine\/run\.ts[^]*QEMU is started by engine\/qemu\/process/],
    ['engine/window.ts', `import { app } from 'electron'\n\nexport const name = app\n`, /no-restricted-imports[^]*engine\/window\.ts[^]*Electron is known only to electron/],
    ['engine/qemu/argv/files.ts', `import { readFileSync } from 'node:fs'\n\nexport const text = readFileSync('/etc/passwd')\n`, /no-restricted-imports[^]*argv\/files\.ts[^]*no Node/],
    ['engine/qemu/argv/clock.ts', `export const now = (): number => Date.now()\n`, /no-restricted-properties[^]*argv\/clock\.ts[^]*No clock here/],
    ['contract/files.ts', `import { readFileSync } from 'node:fs'\n\nexport const text = readFileSync('/etc/passwd')\n`, /no-restricted-imports[^]*contract\/files\.ts[^]*no Node/],
    ['renderer/app/files.ts', `import { readFileSync } from 'node:fs'\n\nexport const text = readFileSync('/etc/passwd')\n`, /no-restricted-imports[^]*renderer\/app\/files\.ts[^]*no Node/],
    ['engine/noise.ts', `console.log('noise')\n`, /no-console[^]*engine\/noise\.ts/],
    ['engine/built.ts', `import { made } from '../out/cli/mayfly.mjs'\n\nexport const value = String(made)\n`, /no-restricted-imports[^]*engine\/built\.ts[^]*Import the source/],
    ['engine/only.test.ts', `import { expect, test } from 'vitest'\n\ntest.only('one', () => {\n  expect(1).toBe(1)\n})\n`, /no-focused-tests[^]*engine\/only\.test\.ts/],
    ['engine/skip.test.ts', `import { expect, test } from 'vitest'\n\ntest.skip('one', () => {\n  expect(1).toBe(1)\n})\n`, /no-disabled-tests[^]*engine\/skip\.test\.ts/],
    ['engine/CamelCase.ts', `export const one = 1\n`, /filename-case[^]*engine\/CamelCase\.ts/],
  ],
  dependencies: [
    ['electron/main/window.ts', `export const window = 1\n`, /modules/],
    ['engine/direct.ts', `import { window } from '../electron/main/window.ts'\n\nexport const direct = window\n`, /engine-never-electron: engine\/direct\.ts/],
    ['engine/far.ts', `import { direct } from './direct.ts'\n\nexport const far = direct\n`, /engine-never-electron: engine\/far\.ts/],
    ['engine/host.ts', `import '../hosts/cli/main.ts'\n`, /engine-knows-no-host: engine\/host\.ts/],
    ['contract/engine.ts', `import { start } from '../engine/machine/start.ts'\n\nexport const begin = start\n`, /contract-imports-nothing-of-ours: contract\/engine\.ts/],
    ['contract/files.ts', `import { readFileSync } from 'node:fs'\n\nexport const read = readFileSync\n`, /contract-has-no-runtime: contract\/files\.ts/],
    ['engine/qemu/argv/files.ts', `import { readFileSync } from 'node:fs'\n\nexport const read = readFileSync\n`, /argv-is-pure: engine\/qemu\/argv\/files\.ts/],
    ['engine/qemu/argv/machine.ts', `import { start } from '../../machine/start.ts'\n\nexport const begin = start\n`, /argv-knows-only-the-contract: engine\/qemu\/argv\/machine\.ts/],
    ['engine/machine/run.ts', `import { spawn } from 'node:child_process'\n\nexport const run = spawn\n`, /programs-are-started-in-few-places: engine\/machine\/run\.ts/],
    ['engine/chicken.ts', `import { egg } from './egg.ts'\n\nexport const chicken = (): unknown => egg\n`, /no-cycles: engine\/(chicken|egg)\.ts/],
    ['engine/egg.ts', `import { chicken } from './chicken.ts'\n\nexport const egg = (): unknown => chicken\n`, /no-cycles/],
    ['renderer/features/list/list.ts', `import { wizard } from '../wizard/wizard.ts'\n\nexport const list = wizard\n`, /features-do-not-know-each-other: renderer\/features\/list\/list\.ts/],
    ['renderer/features/wizard/wizard.ts', `export const wizard = 1\n`, /modules/],
    ['renderer/app/engine.ts', `import { start } from '../../engine/machine/start.ts'\n\nexport const begin = start\n`, /renderer-knows-the-contract-only: renderer\/app\/engine\.ts/],
    ['renderer/app/far.ts', `import { begin } from './engine.ts'\n\nexport const far = begin\n`, /renderer-never-reaches-node: renderer\/app\/far\.ts/],
    ['electron/preload/preload.ts', `import { start } from '../../engine/machine/start.ts'\n\nexport const begin = start\n`, /preload-is-small: electron\/preload\/preload\.ts/],
    ['engine/alone.ts', `export const alone = 1\n`, /no-orphans: engine\/alone\.ts/],
    ['engine/nowhere.ts', `import { lost } from './lost.ts'\n\nexport const nowhere: unknown = lost\n`, /no-unresolvable: engine\/nowhere\.ts/],
  ],
  'dead code': [
    ['contract/greeting.ts', `${sound['contract/greeting.ts'] ?? ''}\nexport function shout(): string {\n  return 'HELLO'\n}\n`, /Unused exports[^]*shout/],
    ['engine/forgotten.ts', `import { greet } from '../contract/greeting.ts'\n\nexport const words = greet('b')\n`, /Unused files[^]*engine\/forgotten\.ts/],
    ['hosts/cli/main.ts', `${sound['hosts/cli/main.ts'] ?? ''}import 'left-pad'\n`, /Unlisted dependencies[^]*left-pad/],
  ],
}

/** The compiler refuses a project without a file; the other checkers would find such a file useless. */
const roomFillers = Object.fromEntries(projects.map((project) => [`${project}/room-filler.ts`, 'export const filled = true\n']))

test.each(Object.keys(planted))('%s: a sound house passes', async (name) => {
  const verdict = await check(name, house(name === 'types' ? roomFillers : {}))
  expect(verdict, verdict.output).toMatchObject({ passed: true })
})

test.each(Object.entries(planted))('%s: every planted violation is found', async (name, violations) => {
  const { passed, output } = await check(name, house({ ...(name === 'types' ? roomFillers : {}), ...Object.fromEntries(violations.map(([path, text]) => [path, text])) }))
  const findings = name === 'lint' ? output.split(/^ +x /m) : [output]
  const missed = violations.filter(([, , said]) => !findings.some((finding) => said.test(finding))).map(([path]) => path)
  expect({ passed, missed }, output).toEqual({ passed: false, missed: [] })
})

test('dependencies: looking at no module at all is a failure', async () => {
  const root = house({})
  for (const folder of ['contract', 'engine', 'hosts', 'build', 'bench', 'e2e']) rmSync(join(root, folder), { recursive: true })
  mkdirSync(join(root, 'engine'))
  const { passed, output } = await check('dependencies', root)
  expect({ passed, output }).toEqual({ passed: false, output: expect.stringContaining('0 modules') as string })
})

test('generated files: a stale one is found, and what differs is said', async () => {
  const root = house({})
  cpSync(join(checkout, 'build'), join(root, 'build'), { recursive: true, filter: (path) => !path.endsWith('.test.ts') })
  cpSync(join(checkout, 'native/guest-exec'), join(root, 'native/guest-exec'), { recursive: true })
  for (const generator of generators) writeFileSync(join(root, generator), '')
  writeFileSync(
    join(root, generators[0] ?? ''),
    `import { writeGenerated } from './generated-file.mjs'\nwriteGenerated('engine/words.generated.ts', 'export const word = 2\\n')\n`,
  )
  writeFileSync(join(root, 'engine/words.generated.ts'), 'export const word = 2\n')
  const before = await check('generated files', root)
  expect(before, before.output).toMatchObject({ passed: true })
  writeFileSync(join(root, 'engine/words.generated.ts'), 'export const word = 1\n')
  const { passed, output } = await check('generated files', root)
  expect({ passed, output }).toEqual({ passed: false, output: expect.stringContaining('-export const word = 1\n+export const word = 2') as string })
})
