/** Starts a golden case for real: its files are made in a folder of its own, QEMU is started as the engine would, and everything is gone afterwards. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { QemuInstallation } from '../capabilities/qemu-installation.ts'
import { ensureNvram } from '../firmware/ensure-nvram.ts'
import { findUefiFirmware } from '../firmware/find-firmware.ts'
import { startSwtpm } from '../process/swtpm.ts'
import { connectQmp } from '../qmp/connect-qmp.ts'
import type { QmpClient } from '../qmp/qmp-client.ts'
import type { Capabilities } from './capabilities.ts'
import { buildCase, casePaths, type GoldenCase, planCase } from './golden-cases.fixture.ts'
import type { MachinePaths } from './machine-paths.ts'

const run = promisify(execFile)

export interface StartedOutcome {
  readonly exitCode: number | null
  /** What QEMU had to say: nothing, where all is well. */
  readonly stderr: string
  readonly pidFileLeft: boolean
}

type Inspect = (qmp: QmpClient, paths: MachinePaths) => Promise<void>

/**
 * Starts QEMU with the case's arguments, runs `inspect` on its monitor, then quits it.
 */
export async function withStartedGolden(golden: GoldenCase, installation: QemuInstallation, capabilities: Capabilities, inspect: Inspect): Promise<StartedOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'mayfly-golden-'))
  const ends: (() => Promise<void>)[] = [() => rm(folder, { recursive: true })]
  try {
    const inside = { ...golden, folder: join(folder, golden.folder), firmwareSearchPaths: [...installation.firmwareFolders] }
    const paths = await makeFiles(inside, installation, capabilities)
    if (paths.tpmSocket !== null) ends.push(await startTpm(paths.tpmSocket))
    return await startAndQuit(installation, buildCase(inside, capabilities, paths).map(makeStartable), paths, join(inside.folder, 'ram'), inspect)
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

/**
 * What depends on the host is replaced: KVM, which may not work here, by emulation; ports, which
 * somebody else may have, by 0, for which QEMU takes any free one.
 */
function makeStartable(argument: string): string {
  if (argument === 'kvm') return 'tcg,thread=multi'
  if (argument === 'host') return 'max'
  return argument.replaceAll(/:\d+-:/g, ':0-:')
}

async function startAndQuit(installation: QemuInstallation, args: readonly string[], paths: MachinePaths, ramFile: string, inspect: Inspect): Promise<StartedOutcome> {
  const ram = openSync(ramFile, 'r+')
  const child = spawn(installation.binary, args, { env: { ...process.env, ...installation.env }, stdio: ['ignore', 'ignore', 'pipe', ram] })
  closeSync(ram)
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new AbortController()
  const closed = once(child, 'close').then(() => ended.abort())
  try {
    const qmp = await connectQmp(paths.qmpSocket, { waitForSocket: true, timeoutMs: 30_000, signal: ended.signal })
    await inspect(qmp, paths)
    await qmp.execute('quit')
    await closed
  } catch (error) {
    child.kill('SIGKILL')
    await closed
    throw new Error(`QEMU did not take the arguments. It said:\n${stderr}`, { cause: error })
  }
  const pidFileLeft = await readFile(paths.pidFile).then(
    () => true,
    () => false,
  )
  return { exitCode: child.exitCode, stderr, pidFileLeft }
}

/** Blank but well-formed files for everything the case names. */
async function makeFiles(golden: GoldenCase, installation: QemuInstallation, capabilities: Capabilities): Promise<MachinePaths> {
  const paths = casePaths(golden)
  const folder = golden.folder
  await Promise.all(['disks', 'media', 'boot'].map((name) => mkdir(join(folder, name), { recursive: true })))
  await blankFile(join(folder, 'ram'), golden.config.memoryMiB * 1024 * 1024)
  const blank = join(folder, 'blank.qcow2')
  await runImg(installation, ['create', '-q', '-f', 'qcow2', blank, '64M'])
  for (const layer of Object.values(paths.disks).flatMap((disk) => disk.layers)) {
    await mkdir(dirname(layer.path), { recursive: true })
    await (layer.format === 'raw' ? blankFile(layer.path, 64 * 1024 * 1024) : copyFile(blank, layer.path))
  }
  for (const medium of Object.values(paths.cdroms)) if (medium !== null) await blankFile(medium, 64 * 1024)
  if (paths.directBoot !== null) {
    await writeFile(paths.directBoot.kernel, kernelHeader())
    await writeFile(paths.directBoot.initrd ?? join(folder, 'boot/none'), new Uint8Array(4096))
  }
  if (paths.firmware === null) return paths
  const firmware = await findUefiFirmware({ secureBoot: golden.config.firmware.secureBoot, machineType: planCase(golden, capabilities).machineType })
  if (firmware === null) throw new Error('No UEFI firmware is installed (package ovmf).')
  await ensureNvram(paths.firmware.nvram, firmware.nvramTemplate, (source, target) => runImg(installation, ['convert', '-f', source.format, '-O', 'qcow2', source.path, target]))
  return { ...paths, firmware: { ...paths.firmware, code: firmware.code.path, codeFormat: firmware.code.format } }
}

async function blankFile(path: string, bytes: number): Promise<void> {
  await writeFile(path, '')
  await truncate(path, bytes)
}

async function runImg(installation: QemuInstallation, args: readonly string[]): Promise<void> {
  if (installation.imgBinary === null) throw new Error('qemu-img is not installed.')
  await run(installation.imgBinary, args, { env: { ...process.env, ...installation.env } })
}

/** As much of a kernel as QEMU looks at before it starts the CPUs (Linux, Documentation/arch/x86/boot.rst). */
function kernelHeader(): Uint8Array {
  const image = Buffer.alloc(64 * 1024)
  image.writeUInt8(1, 0x1f1)
  image.write('HdrS', 0x202, 'latin1')
  image.writeUInt16LE(0x020c, 0x206)
  image.writeUInt8(1, 0x211)
  image.writeUInt32LE(0x7fffffff, 0x22c)
  return image
}

/** Starts a TPM and returns what ends it; it ends by itself with QEMU, unless QEMU never came. */
async function startTpm(socket: string): Promise<() => Promise<void>> {
  const pidFile = `${socket}.pid`
  await startSwtpm({ stateFolder: `${socket}.state`, socket, pidFile, logFile: `${socket}.log` })
  const deadline = AbortSignal.timeout(10_000)
  let pid = await readPid(pidFile)
  while (pid === null) {
    deadline.throwIfAborted()
    await setTimeout(5)
    pid = await readPid(pidFile)
  }
  const started = pid
  return () => endProcess(started)
}

/** The number in a pid file; null where none is written yet. Never 0, which would name a whole group of processes. */
async function readPid(path: string): Promise<number | null> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''))
  return Number.isInteger(pid) && pid > 1 ? pid : null
}

async function endProcess(pid: number): Promise<void> {
  const deadline = AbortSignal.timeout(10_000)
  try {
    for (;;) {
      process.kill(pid, 'SIGTERM')
      deadline.throwIfAborted()
      await setTimeout(5)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
