/**
 * The distribution's packages, asked for and fetched without root and without touching the
 * host: `apt-get download` into our cache, `dpkg-deb -x` into a scratch folder. A package that
 * is installed in just the wanted version is read in place.
 */
import { access, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { runTool, tryTool } from './run-tool.ts'

export interface PackageRecord {
  readonly name: string
  readonly version: string
  readonly architecture: string
  /** The first alternative of everything that it depends on. */
  readonly dependencies: readonly string[]
}

/** A package's files, wherever they are: `root` + one of `files`. */
export interface PackageTree {
  readonly record: PackageRecord
  readonly root: string
  readonly files: readonly string[]
}

const hostArchives = '/var/cache/apt/archives'

export class Apt {
  readonly #cacheDir: string
  readonly #signal: AbortSignal | undefined
  #options: readonly string[] = []

  constructor(cacheDir: string, signal: AbortSignal | undefined) {
    this.#cacheDir = cacheDir
    this.#signal = signal
  }

  /**
   * The candidate versions. Names that the distribution does not have are left out. Throws
   * `unsupported` where there is no apt.
   */
  async records(names: readonly string[]): Promise<PackageRecord[]> {
    if (names.length === 0) return []
    // Its status is 100 when any name is unknown, with the known ones printed all the same.
    const shown = await tryTool('apt-cache', [...this.#options, 'show', '--no-all-versions', ...names], { signal: this.#signal })
    return shown.stdout.toString().split(/\n\n+/).flatMap(parseRecord)
  }

  /** Whether lists of our own are used instead of the host's. */
  get hasPrivateLists(): boolean {
    return this.#options.length > 0
  }

  /** For hosts whose package lists were never fetched: lists of our own, below the cache folder. */
  usePrivateLists(): void {
    const [state, cache] = this.#privateFolders()
    this.#options = ['-o', `Dir::State=${state}`, '-o', 'Dir::State::status=/var/lib/dpkg/status', '-o', `Dir::Cache=${cache}`]
  }

  /** Fetches our own lists. Throws `job-failed` when apt cannot reach its servers. */
  async updatePrivateLists(): Promise<void> {
    const [state, cache] = this.#privateFolders()
    await mkdir(path.join(state, 'lists', 'partial'), { recursive: true })
    await mkdir(path.join(cache, 'archives', 'partial'), { recursive: true })
    await runTool('apt-get', [...this.#options, '-q', '-o', 'APT::Update::Error-Mode=any', 'update'], { signal: this.#signal, cwd: this.#cacheDir })
  }

  #privateFolders(): readonly [state: string, cache: string] {
    return [path.join(this.#cacheDir, 'apt', 'state'), path.join(this.#cacheDir, 'apt', 'cache')]
  }

  /** Makes the files of packages readable. `scratchDir` is the caller's, to be removed by it. */
  async open(records: readonly PackageRecord[], scratchDir: string, onFraction: (fraction: number) => void): Promise<PackageTree[]> {
    const installed = await Promise.all(records.map((record) => this.#installed(record)))
    await this.#download(records.filter((_, index) => installed[index] === null), onFraction)
    const trees: PackageTree[] = []
    for (const [index, record] of records.entries()) trees.push(installed[index] ?? (await this.#unpack(record, scratchDir)))
    return trees
  }

  async #unpack(record: PackageRecord, scratchDir: string): Promise<PackageTree> {
    const root = await mkdtemp(path.join(scratchDir, `${record.name}-`))
    await runTool('dpkg-deb', ['-x', this.#archive(record), root], { signal: this.#signal, cwd: scratchDir })
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name).slice(root.length))
    return { record, root, files: files.sort() }
  }

  async #installed(record: PackageRecord): Promise<PackageTree | null> {
    const query = await tryTool('dpkg-query', ['-W', '-f=${db:Status-Status} ${Version}', record.name], { signal: this.#signal })
    if (query.exitCode !== 0 || query.stdout.toString() !== `installed ${record.version}`) return null
    const list = await runTool('dpkg-query', ['-L', record.name], { signal: this.#signal })
    const files = list.toString().split('\n').filter((file) => file.startsWith('/'))
    try {
      // Ubuntu lets only root read its kernels; some systems leave documentation out.
      await Promise.all(files.filter((file) => !file.startsWith('/usr/share/')).map((file) => access(file)))
    } catch {
      return null
    }
    return { record, root: '', files }
  }

  /** All in one run: starting apt takes longer than most packages do. */
  async #download(records: readonly PackageRecord[], onFraction: (fraction: number) => void): Promise<void> {
    const present = await Promise.all(records.map((record) => exists(this.#archive(record))))
    const missing = records.filter((_, index) => present[index] === false)
    if (missing.length === 0) return
    const folder = path.join(this.#cacheDir, 'packages')
    await mkdir(folder, { recursive: true })
    const scratchDir = await mkdtemp(path.join(folder, 'download-'))
    try {
      // apt checks what it finds against its signed list, and fetches only what is wrong or missing.
      const names = missing.map((record) => path.basename(this.#archive(record)))
      await Promise.all(names.map((name) => copyFile(path.join(hostArchives, name), path.join(scratchDir, name)).catch(() => undefined)))
      const wanted = missing.map((record) => `${record.name}=${record.version}`)
      const args = [...this.#options, '-q', '-o', 'APT::Status-Fd=3', 'download', ...wanted]
      await runTool('apt-get', args, { signal: this.#signal, cwd: scratchDir, onStatusLine: (line) => reportDownload(line, onFraction) })
      for (const name of names) await rename(path.join(scratchDir, name), path.join(folder, name))
    } finally {
      await rm(scratchDir, { recursive: true, force: true })
    }
  }

  /** As apt itself names it: the epoch's colon is escaped. */
  #archive(record: PackageRecord): string {
    return path.join(this.#cacheDir, 'packages', `${record.name}_${record.version.replaceAll(':', '%3a')}_${record.architecture}.deb`)
  }
}

/** `dlstatus:1:42.5:Retrieving file 1 of 1`, see apt's README.progress-reporting. */
function reportDownload(line: string, onFraction: (fraction: number) => void): void {
  const [kind, , percent] = line.split(':')
  if (kind === 'dlstatus' && percent !== undefined) onFraction(Number(percent) / 100)
}

function parseRecord(stanza: string): PackageRecord[] {
  const fields = new Map([...stanza.matchAll(/^([\w-]+): (.*)$/gm)].map(([, key = '', value = '']) => [key, value]))
  const name = fields.get('Package')
  const version = fields.get('Version')
  const architecture = fields.get('Architecture')
  if (name === undefined || version === undefined || architecture === undefined) return []
  const lists = [fields.get('Pre-Depends') ?? '', fields.get('Depends') ?? '']
  const dependencies = lists.flatMap((list) => list.split(',')).map((clause) => /^\s*([^\s(|:]+)/.exec(clause)?.[1] ?? '')
  return [{ name, version, architecture, dependencies: dependencies.filter((dependency) => dependency !== '') }]
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(() => true, () => false)
}
