/**
 * Why KVM can or cannot be opened here, as the system shows it. That it opens does not mean
 * that it works: that is measured.
 */
import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'

export interface KvmAccess {
  readonly node: 'usable' | 'denied' | 'missing'
  /** Whether the CPU offers virtualization (VMX or SVM), as far as this system can see. */
  readonly cpuCan: boolean
  /** Whether this host is itself a virtual machine. */
  readonly isGuest: boolean
}

export async function inspectKvm(node = '/dev/kvm', cpuInfo = '/proc/cpuinfo'): Promise<KvmAccess> {
  const flags = /^flags\s*:(.*)$/m.exec(await readFile(cpuInfo, 'utf8').catch(() => ''))?.[1]?.split(' ') ?? []
  return { node: await inspectNode(node), cpuCan: flags.includes('vmx') || flags.includes('svm'), isGuest: flags.includes('hypervisor') }
}

async function inspectNode(node: string): Promise<KvmAccess['node']> {
  try {
    await access(node, constants.R_OK | constants.W_OK)
    return 'usable'
  } catch {
    return await access(node).then(() => 'denied' as const, () => 'missing' as const)
  }
}

export interface Obstacle {
  readonly reason: string
  readonly remedy: string
}

/** What keeps KVM from being opened, and what to do about it; null where nothing does. */
export function kvmObstacle({ node, cpuCan, isGuest }: KvmAccess): Obstacle | null {
  switch (node) {
    case 'usable':
      return null
    case 'denied':
      return { reason: 'You may not use /dev/kvm.', remedy: 'Join the group kvm (sudo usermod -aG kvm "$USER"), then log in again.' }
    case 'missing':
      if (cpuCan) return { reason: 'The CPU can virtualize, but there is no /dev/kvm.', remedy: 'Load the kernel module: sudo modprobe kvm_intel, or kvm_amd.' }
      if (isGuest) return { reason: 'This host is a virtual machine without nested virtualization.', remedy: 'Turn on nested virtualization for this virtual machine in its own host.' }
      return { reason: 'The CPU does not offer virtualization.', remedy: 'Turn on Intel VT-x or AMD-V (SVM) in the firmware settings, if the CPU has it.' }
    default:
      return node satisfies never
  }
}
