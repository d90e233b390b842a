/**
 * Installs what Mayfly needs from the system's own packages. Nothing is installed behind anybody's
 * back: the exact command is shown, and outside of root it is run only after a yes.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { findProgram, run } from './command.mjs'

/**
 * @typedef {import('./system-needs.mjs').Need} Need
 * @typedef {import('./system-needs.mjs').Family} Family
 * @typedef {readonly string[]} Command
 */

/** Thrown when something is missing that may not be installed from here. The message says what to run. */
export class SystemPackagesMissing extends Error {}

const aptLists = '/var/lib/apt/lists'
const oldListsMs = 14 * 24 * 3600 * 1000

/**
 * What of a list is not there.
 * @param {readonly Need[]} needs
 * @param {{ hasProgram: (name: string) => boolean, hasFile: (path: string) => boolean, env: Readonly<Record<string, string | undefined>> }} host
 * @returns {Need[]}
 */
export function missingNeeds(needs, host) {
  return needs.filter((need) => {
    if (need.replacedBy !== undefined && (host.env[need.replacedBy] ?? '') !== '') return false
    return !(need.programs ?? []).some(host.hasProgram) && !(need.files ?? []).some(host.hasFile)
  })
}

/**
 * The commands that install something, in their order. Each runs as root.
 * @param {Family} family
 * @param {readonly string[]} packages
 * @param {{ refreshLists: boolean }} options whether the lists of packages are missing or old (only apt keeps them apart)
 * @returns {Command[]}
 */
export function installCommands(family, packages, options) {
  switch (family) {
    case 'apt': {
      const refresh = ['apt-get', 'update']
      const install = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '--no-install-recommends', ...packages]
      return [...(options.refreshLists ? [refresh] : []), ...(packages.length === 0 ? [] : [install])]
    }
    case 'dnf':
      return packages.length === 0 ? [] : [['dnf', 'install', '-y', ...packages]]
    case 'pacman':
      return packages.length === 0 ? [] : [['pacman', '-S', '--needed', '--noconfirm', ...packages]]
    case 'zypper':
      return packages.length === 0 ? [] : [['zypper', '--non-interactive', 'install', ...packages]]
    default:
      throw new Error(`There is no family of packages called ${String(family)}.`)
  }
}

/**
 * Installs what is missing, or throws SystemPackagesMissing saying what to run. What is only
 * wished for never stops anything and is never a reason to ask.
 * @param {readonly Need[]} needs
 * @param {{ assumeYes: boolean }} options
 * @returns {Promise<void>}
 */
export async function ensureSystemPackages(needs, options) {
  const missing = missingNeeds(needs, {
    hasProgram: (name) => findProgram(name) !== undefined,
    hasFile: existsSync,
    env: process.env,
  })
  const family = detectFamily()
  const refreshLists = family === 'apt' && aptListsMissing()
  const asRoot = process.getuid?.() === 0
  const stopping = missing.filter((need) => need.wished !== true)
  if (stopping.length === 0 && !(asRoot && (missing.length > 0 || refreshLists))) return

  for (const need of missing) console.error(`Missing: ${need.what}.`)
  if (family === undefined) {
    if (stopping.length === 0) return
    throw new SystemPackagesMissing('None of apt, dnf, pacman and zypper is here, so Mayfly cannot install these itself. Install them with the tool of your system, then run this command again.')
  }
  const packages = [...new Set(missing.flatMap((need) => need.packages[family]))]
  const commands = installCommands(family, packages, { refreshLists: refreshLists || (family === 'apt' && packages.length > 0 && aptListsOld()) })
  if (commands.length === 0) return
  const privileged = asRoot ? commands : await throughSudo(commands, options)
  for (const command of privileged) {
    console.error(`$ ${command.join(' ')}`)
    const [program = '', ...args] = command
    const { status } = await run(program, args, { show: 'on-stderr', input: 'inherit' })
    if (status !== 0 && stopping.length > 0) {
      throw new SystemPackagesMissing(`"${command.join(' ')}" failed with status ${status}; its own words are above. Run this command again when that is solved.`)
    }
  }
}

/**
 * The same commands through sudo or pkexec, after asking.
 * @param {readonly Command[]} commands
 * @param {{ assumeYes: boolean }} options
 * @returns {Promise<Command[]>}
 */
async function throughSudo(commands, options) {
  const prefix = findProgram('sudo') !== undefined ? 'sudo' : findProgram('pkexec') !== undefined && hasDisplay() ? 'pkexec' : undefined
  const shown = commands.map((command) => `  ${[prefix ?? '(as root)', ...command].join(' ')}`).join('\n')
  const refused = new SystemPackagesMissing(`Please run this, then start again:\n${shown}`)
  if (prefix === undefined) throw refused
  if (!options.assumeYes) {
    if (!process.stdin.isTTY || !process.stdout.isTTY) throw refused
    const prompt = createInterface({ input: process.stdin, output: process.stdout })
    const answer = await prompt.question(`Mayfly would like to run:\n${shown}\nRun it now? [Y/n] `)
    prompt.close()
    if (!/^(y|yes|)$/i.test(answer.trim())) throw refused
  }
  return commands.map((command) => [prefix, ...command])
}

/** @returns {Family | undefined} */
function detectFamily() {
  /** @type {readonly (readonly [Family, string])[]} */
  const tools = [['apt', 'apt-get'], ['dnf', 'dnf'], ['zypper', 'zypper'], ['pacman', 'pacman']]
  return tools.find(([, tool]) => findProgram(tool) !== undefined)?.[0]
}

function hasDisplay() {
  return (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== ''
}

function aptPackageLists() {
  return existsSync(aptLists) ? readdirSync(aptLists).filter((name) => /_Packages(\.|$)/.test(name)) : []
}

/** Without lists nothing can be installed, and the tiny image could not fetch its kernel. */
function aptListsMissing() {
  return aptPackageLists().length === 0
}

function aptListsOld() {
  const newest = Math.max(0, ...aptPackageLists().map((name) => statSync(`${aptLists}/${name}`).mtimeMs), statSync(aptLists).mtimeMs)
  return Date.now() - newest > oldListsMs
}
