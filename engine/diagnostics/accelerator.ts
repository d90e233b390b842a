/** Which accelerator machines get, and why not a faster one. Judges measurements only. */
import type { AcceleratorReport } from '../qemu/capabilities/accelerators.ts'
import { fasterAccelerator } from '../qemu/capabilities/accelerators.ts'
import { inspectKvm } from '../qemu/capabilities/kvm-access.ts'
import type { Diagnostic, Remedy } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

const tried = 'Ran a small guest under each accelerator and timed it.'

export const acceleratorDiagnostic: Diagnostic = {
  id: 'accelerator',
  title: 'Acceleration',
  applicable: ({ capabilities }) => capabilities !== null,
  async check({ accelerators }) {
    if (accelerators.length === 0) return { status: 'unknown', found: 'No accelerator could be measured.', tried, concerns: '', remedies: [] }
    const best = fasterAccelerator(accelerators)
    const kvm = accelerators.find(({ name }) => name === 'kvm')
    const found = accelerators.map(({ name, reason }) => `${name}: ${reason}`).join(' ')
    if (best === null) return { status: 'problem', found, tried, concerns: 'No machine can start.', remedies: accelerators.flatMap(remedyOf) }
    if (best === 'kvm' && kvm?.remedy === null) return ok(found, tried)
    const remedies = kvm === undefined ? [] : await kvmRemedies(kvm)
    return { status: 'warning', found, tried, concerns: 'Machines run in software, several times slower than this computer could run them.', remedies }
  },
}

async function kvmRemedies(kvm: AcceleratorReport): Promise<Remedy[]> {
  const { node } = await inspectKvm()
  if (kvm.usable || node !== 'denied') return remedyOf(kvm)
  return [remedy('Join the group kvm, then log out and in again.', 'sudo usermod -aG kvm "$USER"', true)]
}

function remedyOf({ remedy: text }: AcceleratorReport): Remedy[] {
  return text === null ? [] : [remedy(text)]
}
