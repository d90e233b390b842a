/**
 * A libvirtd of the bench's own, with one machine: the tiny image with the same kernel, memory and
 * kind of devices. Its folders lie in a mount namespace that goes with it, so the user's own virsh sees
 * nothing of it. Only root may make one.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { machineFolderNames } from '../engine/storage/names.ts'
import type { Bench } from './bench.ts'
import { bootingMachine } from './fleet.ts'
import { idle } from './saved-machines.ts'
import { until } from './until.ts'

const programs = ['libvirtd', 'virsh', 'unshare', 'mount', 'qemu-img'] as const
const machine = 'bench'
const readyWithinMs = 120_000

/** `/dev/kvm` is covered: libvirtd asks QEMU anew at every call where that one may be opened by some and not by others. */
const ownNamespace = `set -e
for folder in /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /run/libvirt; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done
[ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm
mkdir /var/lib/libvirt/qemu
cp "$1/qemu.conf" /etc/libvirt/
exec libvirtd -f "$1/libvirtd.conf" -p "$1/libvirtd.pid"`

/** Without namespaces, groups and helpers of its own: nothing that takes time beside what is measured. */
const qemuSettings = ['user = "root"', 'group = "root"', 'dynamic_ownership = 0', 'security_driver = "none"', 'cgroup_controllers = []', 'namespaces = []', 'stdio_handler = "file"', '']

/** Why there can be none; null where there can. */
export function libvirtObstacle(): string | null {
  const missing = programs.find((program) => !isInstalled(program))
  if (missing !== undefined) return `${missing} is not installed.`
  return process.getuid?.() === 0 ? null : 'Only root can start a libvirtd that leaves nothing behind.'
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}

export class LibvirtDaemon {
  readonly #folder: string
  readonly #process: ChildProcess

  private constructor(folder: string, child: ChildProcess) {
    this.#folder = folder
    this.#process = child
  }

  /** Starts it, with a machine defined and off. */
  static async start(bench: Bench): Promise<LibvirtDaemon> {
    const folder = join(bench.home.root, 'libvirt')
    await mkdir(folder, { mode: 0o700 })
    await writeFile(join(folder, 'qemu.conf'), qemuSettings.join('\n'))
    await writeFile(join(folder, 'libvirtd.conf'), `unix_sock_dir = "${folder}"\nauth_unix_rw = "none"\n`)
    const log = openSync(join(folder, 'log'), 'a', 0o600)
    const child = spawn('unshare', ['--mount', 'sh', '-c', ownNamespace, 'sh', folder], { stdio: ['ignore', log, log] })
    closeSync(log)
    const daemon = new LibvirtDaemon(folder, child)
    try {
      await until(() => existsSync(join(folder, 'libvirt-sock')) || child.exitCode !== null, 'libvirtd listens')
      await daemon.#define(bench)
      return daemon
    } catch (error) {
      await daemon.stop()
      throw error
    }
  }

  async #define(bench: Bench): Promise<void> {
    const { folder } = await (await bench.home.client()).machine.show({ machine: (await bootingMachine(bench)).id })
    const { boot } = machineFolderNames(folder)
    const { commandLine } = JSON.parse(await readFile(join(boot, 'boot.json'), 'utf8')) as { commandLine: string }
    await promisify(execFile)('qemu-img', ['create', '-q', '-f', 'qcow2', join(this.#folder, 'disk.qcow2'), '1G'])
    const file = join(this.#folder, 'machine.xml')
    await writeFile(file, `<domain type='qemu'>
  <name>${machine}</name><memory unit='MiB'>${idle.memoryMiB}</memory><vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${boot}/vmlinux</kernel><initrd>${boot}/initrd</initrd><cmdline>${commandLine}</cmdline></os>
  <features><acpi/></features><cpu mode='maximum'/>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${this.#folder}/disk.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <interface type='user'><model type='virtio'/></interface>
    <serial type='file'><source path='${this.#serialLog}'/></serial>
    <graphics type='vnc' socket='${this.#folder}/screen.sock'/><video><model type='virtio'/></video>
    <input type='tablet' bus='usb'/><rng model='virtio'><backend model='builtin'/></rng><memballoon model='virtio'/>
  </devices>
</domain>`)
    await this.virsh('define', file)
  }

  get #address(): string {
    return `qemu+unix:///system?socket=${this.#folder}/libvirt-sock`
  }

  get #serialLog(): string {
    return join(this.#folder, 'serial.log')
  }

  /** Milliseconds that a virsh took, its own start included. */
  async virsh(...words: readonly string[]): Promise<number> {
    const begun = performance.now()
    await promisify(execFile)('virsh', ['-q', '-c', this.#address, ...words])
    return performance.now() - begun
  }

  /** Boots the machine and waits until its guest is ready. */
  async boot(): Promise<void> {
    await this.virsh('start', machine)
    await until(async () => (await readFile(this.#serialLog, 'utf8').catch(() => '')).includes('MAYFLY READY'), 'the guest of libvirt is ready', readyWithinMs)
  }

  /** Saves the running machine with its RAM beside its disk, which is what virsh calls a snapshot. */
  async snapshot(number: number): Promise<number> {
    return this.virsh('snapshot-create-as', machine, `s${number}`, '--memspec', `file=${this.#folder}/memory${number},snapshot=external`, '--diskspec', `vda,snapshot=external,file=${this.#folder}/disk${number}.qcow2`)
  }

  /** Saves it, and back again: the second is what is told. */
  async restore(): Promise<number> {
    const file = join(this.#folder, 'saved')
    await this.virsh('save', machine, file)
    const restoreMs = await this.virsh('restore', file)
    await rm(file)
    return restoreMs
  }

  /** Copies the machine, which is off then, with all of its disk; null where there is no virt-clone. */
  async clone(): Promise<number | null> {
    if (!isInstalled('virt-clone')) return null
    await this.virsh('destroy', machine)
    const begun = performance.now()
    await promisify(execFile)('virt-clone', ['--connect', this.#address, '--original', machine, '--name', `${machine}-copy`, '--file', join(this.#folder, 'copy.qcow2')])
    return performance.now() - begun
  }

  /** What one snapshot's RAM takes on disk. */
  async snapshotBytes(number: number): Promise<number> {
    return (await stat(join(this.#folder, `memory${number}`))).blocks * 512
  }

  /** Ends its machine and itself. */
  async stop(): Promise<void> {
    await this.virsh('destroy', machine).catch(() => undefined)
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit')
      this.#process.kill('SIGTERM')
      await ended
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}
