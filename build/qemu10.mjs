/**
 * Unpacks the QEMU of the distribution's backports beside the installed one, so that both ends
 * of the supported range can be tested on one machine. Nothing is installed and the host's
 * package lists stay as they are: apt works on folders of its own, as any user. Where packages
 * come from is read from the machine's own apt.
 *
 *   node build/qemu10.mjs [FOLDER]     prints the path of qemu-system-x86_64
 *
 * The default folder is $XDG_CACHE_HOME/mayfly-build/qemu10. What is there already is used again.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram, run } from './command.mjs'

/**
 * The emulator, qemu-img, the BIOS, the ROMs of network cards, and every package with modules:
 * a module that is missing here is taken from the host's own QEMU, and QEMU dies of another
 * build's module (`module_load_dso` in util/module.c).
 */
const packages = ['qemu-system-x86', 'qemu-utils', 'seabios', 'ipxe-qemu', 'qemu-block-extra', 'qemu-system-gui', 'qemu-system-modules-opengl', 'qemu-system-modules-spice']

function defaultFolder() {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'mayfly-build', 'qemu10')
}

/**
 * The environment that makes Mayfly use the QEMU of backports, which is unpacked first if need be.
 *
 * @param {string} [folder] where it is kept
 * @returns {Promise<{ MAYFLY_QEMU: string }>}
 */
export async function ensureQemu10(folder = defaultFolder()) {
  const root = join(folder, 'root')
  const binary = join(root, 'usr', 'bin', 'qemu-system-x86_64')
  if (existsSync(binary)) return { MAYFLY_QEMU: binary }
  for (const program of ['apt-get', 'dpkg']) {
    if (findProgram(program) === undefined) throw new Error(`QEMU from backports needs ${program}: this works on Debian's family only.`)
  }
  mkdirSync(folder, { recursive: true })
  const workshop = mkdtempSync(join(folder, 'unpacking-'))
  try {
    const unpacked = join(workshop, 'root')
    for (const archive of await downloadPackages(workshop)) await succeed('dpkg', ['-x', archive, unpacked])
    rmSync(root, { recursive: true, force: true })
    // The tree appears whole or not at all.
    renameSync(unpacked, root)
  } finally {
    rmSync(workshop, { recursive: true, force: true })
  }
  return { MAYFLY_QEMU: binary }
}

/**
 * Downloads the packages and whatever they need that this machine lacks; the paths of the archives.
 * @param {string} workshop
 */
async function downloadPackages(workshop) {
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  if (codename === undefined) throw new Error('This system has no code name in /etc/os-release.')
  const sources = join(workshop, 'sources.list')
  writeFileSync(sources, await sourceLines(codename))
  for (const state of ['lists/partial', 'archives/partial']) mkdirSync(join(workshop, state), { recursive: true })
  const options = {
    'Dir::Etc::SourceList': sources,
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': join(workshop, 'lists'),
    'Dir::State::Extended_States': join(workshop, 'extended_states'),
    'Dir::Cache': workshop,
    'Dir::Cache::Archives': join(workshop, 'archives'),
    // Hooks of the host (cleaning its archives, refreshing its catalogues) are none of ours.
    'DPkg::Post-Invoke': '',
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': '',
    'APT::Install-Recommends': '0',
    'Acquire::Languages': 'none',
  }
  /** @param {string[]} args */
  const apt = (...args) => succeed('apt-get', ['-qq', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...args])
  await apt('update')
  await apt('install', '--download-only', '--yes', '--reinstall', '--target-release', `${codename}-backports`, ...packages)
  const archives = join(workshop, 'archives')
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(archives, name))
}

/**
 * apt's sources for the release and its backports, from where this machine takes the release.
 * @param {string} codename
 */
async function sourceLines(codename) {
  const format = '$(CREATED_BY)\t$(RELEASE)\t$(COMPONENT)\t$(REPO_URI)\t$(SIGNED_BY)'
  const { status, output } = await run('apt-get', ['indextargets', '--format', format])
  const release = output
    .split('\n')
    .map((line) => line.split('\t'))
    .find(([createdBy, suite, component]) => createdBy === 'Packages' && suite === codename && component === 'main')
  if (status !== 0 || release === undefined) throw new Error(`apt knows no source of the release ${codename}. Run apt-get update first.`)
  const [, , , uri, signedBy] = release
  const keyring = signedBy || '/usr/share/keyrings/debian-archive-keyring.gpg'
  const trust = existsSync(keyring) ? `[signed-by=${keyring}] ` : ''
  return [codename, `${codename}-backports`].map((suite) => `deb ${trust}${uri} ${suite} main\n`).join('')
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
async function succeed(program, args) {
  const { status, output } = await run(program, args)
  if (status !== 0) throw new Error(`${program} failed:\n${output}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { MAYFLY_QEMU } = await ensureQemu10(process.argv[2] === undefined ? undefined : resolve(process.argv[2]))
  console.log(MAYFLY_QEMU)
}
