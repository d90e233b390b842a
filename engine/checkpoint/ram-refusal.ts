/**
 * Whether the RAM of a checkpoint can be used on this host as it is now. QEMU would refuse a state
 * that was saved by another one with words about sections and sizes, or take it and crash the guest.
 */
import { isMayflyError } from '../../contract/errors.ts'
import type { MachineCore } from '../machine/machine-core.ts'
import type { CpuQuestion } from '../qemu/capabilities/cpu-features.ts'
import type { CheckpointRecord } from './checkpoint-document.ts'

/** One sentence; null where nothing stands against it. */
export async function ramRefusal(core: MachineCore, { madeWith, label, ram, hardware, cpuFeatures }: CheckpointRecord): Promise<string | null> {
  if (madeWith === null) return null
  let host
  try {
    host = await core.context.host.usable()
  } catch (error) {
    if (isMayflyError(error)) return error.message
    throw error
  }
  if ((ram?.layers.length ?? 0) > 0 && !host.ramLibrary.accepted) return `${label} keeps its RAM in layers. ${host.ramLibrary.reason ?? 'This QEMU cannot use them.'}`
  const { qemuVersion, accelerator, cpuModel } = madeWith
  const machineType = hardware?.machineType ?? madeWith.machineType
  const have = host.capabilities.qemuVersion.text
  if (machineType === 'microvm' && have !== qemuVersion) return `${label} was saved by QEMU ${qemuVersion}, and a micro machine's state is of no use to another version; this is ${have}.`
  if (newer(qemuVersion, have)) return `${label} was saved by QEMU ${qemuVersion}, which is newer than the ${have} of this host.`
  if (!host.capabilities.machineTypes.some(({ name }) => name === machineType)) return `${label} was saved on the board ${machineType}, which this QEMU does not have.`
  if (!host.capabilities.cpuModels.includes(cpuModel)) return `${label} was saved with the CPU model ${cpuModel}, which this QEMU does not have.`
  try {
    host.chooseAccelerator(accelerator)
  } catch (error) {
    if (isMayflyError(error)) return `${label} was saved with ${accelerator === 'kvm' ? 'KVM' : 'software emulation'}. ${error.message}`
    throw error
  }
  const lacked = cpuFeatures === undefined ? [] : await lackedFeatures(core, cpuFeatures, { accelerator, machineType, model: cpuModel })
  return lacked.length === 0 ? null : `${label} was saved on a CPU with ${listed(lacked)}, which the CPUs of this host do not give a guest.`
}

/** Withdrawn before any CPU had it, so no guest uses it; QEMU up to 7.2 gives it to `max` all the same, later ones do not. */
const ofNoUse = new Set(['pcommit'])

/** What the guest had seen and would not find again. Only what this QEMU says itself that it does not give: a newer one may have other names. */
async function lackedFeatures(core: MachineCore, stamped: readonly string[], question: CpuQuestion): Promise<string[]> {
  try {
    const lacks = new Set((await core.context.host.cpuFeatures(question)).lacks)
    return stamped.filter((name) => lacks.has(name) && !ofNoUse.has(name))
  } catch (error) {
    // QEMU says why when it is started.
    if (!isMayflyError(error)) throw error
    core.context.log(`${core.id}: the features of its CPU are not known: ${error.message}`)
    return []
  }
}

function listed(names: readonly string[]): string {
  const [shown, rest] = [names.slice(0, 5).join(', '), names.length - 5]
  return rest > 0 ? `${shown} and ${rest} more features` : shown
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
