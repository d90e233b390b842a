/**
 * The checks of `npm run check`: which programs they are, how each is called on a checkout, and
 * when its answer may be believed. A checker that looked at nothing has not passed.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './command.mjs'

/**
 * @typedef {object} Verdict
 * @property {boolean} passed
 * @property {string} output
 *
 * @typedef {object} Checker
 * @property {string} name
 * @property {string} question what it answers, in one line
 * @property {(root: string) => Promise<Verdict>} check
 */

const houses = ['contract', 'engine', 'hosts', 'electron', 'renderer', 'native', 'build', 'bench', 'e2e']

/**
 * Runs a program of node_modules by its file: `npx` would cost half a second each.
 * @param {string} root
 * @param {string} script
 * @param {readonly string[]} args
 */
function runNodeScript(root, script, args) {
  return run(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: root, env: { ...process.env, NO_COLOR: '1' } })
}

/** @param {{ status: number, output: string }} outcome @returns {Verdict} */
function byStatus({ status, output }) {
  return { passed: status === 0, output }
}

/** @type {readonly Checker[]} */
export const checkers = [
  {
    name: 'types',
    question: 'does every project compile, with only what its runtime has?',
    check: async (root) => byStatus(await runNodeScript(root, 'typescript/bin/tsc', ['-b', '--pretty', 'false'])),
  },
  {
    name: 'lint',
    question: 'are the rules of the language kept?',
    check: async (root) => byStatus(await runNodeScript(root, 'oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '--report-unused-disable-directives', '.'])),
  },
  {
    name: 'dependencies',
    question: 'does everybody import only what they may know?',
    check: async (root) => {
      const { status, output } = await runNodeScript(root, 'dependency-cruiser/bin/dependency-cruise.mjs', [
        '--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', ...houses.filter((house) => existsSync(join(root, house))),
      ])
      const cruised = Number(/(\d+) modules/.exec(output)?.[1] ?? 0)
      if (cruised === 0) return { passed: false, output: `${output}\nIt cruised 0 modules: it does not understand this TypeScript, so its silence says nothing.` }
      return { passed: status === 0, output }
    },
  },
  {
    name: 'dead code',
    question: 'is everything exported used, every file reached, every package needed?',
    check: async (root) => byStatus(await runNodeScript(root, 'knip/bin/knip.js', ['--no-progress', '--no-config-hints'])),
  },
  {
    name: 'generated files',
    question: 'are the committed generated files what their generators write?',
    check: async (root) => byStatus(await run(process.execPath, [join(root, 'build/generate.mjs'), '--check'], { cwd: root })),
  },
]
