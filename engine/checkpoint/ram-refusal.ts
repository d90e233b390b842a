/**
 * Whether the RAM of a checkpoint can be used on this host as it is now. QEMU would refuse a state
 * that was saved by another one with words about sections and sizes, or take it and crash the guest.
 */
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'

/** One sentence; null where nothing stands against it. */
export async function ramRefusal(core: MachineCore, { madeWith, label, ram }: CheckpointRecord): Promise<string | null> {
  if (madeWith === null) return null
  let host
  try {
    host = await core.context.host.usable()
  } catch (error) {
    if (isMayflyError(error)) return error.message
    throw error
  }
  if ((ram?.layers.length ?? 0) > 0 && !host.ramLibrary.accepted) return `${label} keeps its RAM in layers. ${host.ramLibrary.reason ?? 'This QEMU cannot use them.'}`
  const { qemuVersion, accelerator, machineType, cpuModel } = madeWith
  const have = host.capabilities.qemuVersion.text
  if (machineType === 'microvm' && have !== qemuVersion) return `${label} was saved by QEMU ${qemuVersion}, and a micro machine's state is of no use to another version; this is ${have}.`
  if (newer(qemuVersion, have)) return `${label} was saved by QEMU ${qemuVersion}, which is newer than the ${have} of this host.`
  if (!host.capabilities.cpuModels.includes(cpuModel)) return `${label} was saved with the CPU model ${cpuModel}, which this QEMU does not have.`
  try {
    host.chooseAccelerator(accelerator)
  } catch (error) {
    if (isMayflyError(error)) return `${label} was saved with ${accelerator === 'kvm' ? 'KVM' : 'software emulation'}. ${error.message}`
    throw error
  }
  return null
}

/** Compares the numbers of versions as `7.2.22`. */
function newer(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => (/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number))
  for (let place = 0; place < 3; place++) {
    const [left, right] = [x?.[place] ?? 0, y?.[place] ?? 0]
    if (left !== right) return left > right
  }
  return false
}
