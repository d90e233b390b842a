/**
 * What a CPU model means on this host: `max` and `host` are different CPUs on every host and
 * under each accelerator. A checkpoint is stamped with this, so that a machine is never
 * continued on a CPU that lacks what its guest already uses.
 */
import type { AcceleratorName } from '../argv/capabilities.ts'
import { startTransientQemu } from '../process/transient-qemu.ts'
import { negotiateQmp } from '../qmp/connect-qmp.ts'
import type { QemuInstallation } from './qemu-installation.ts'

/**
 * The names of all features that the model has under the accelerator, sorted.
 *
 * @throws MayflyError 'qmp-failed' when QEMU does not know the model, 'qmp-interrupted' or
 * 'qmp-failed' when the accelerator cannot be opened, 'host-unavailable'.
 */
export async function expandCpuModel(installation: QemuInstallation, accelerator: AcceleratorName, model: string): Promise<readonly string[]> {
  const qemu = await startTransientQemu(installation, ['-machine', 'none', '-accel', accelerator, '-S'])
  try {
    const client = await negotiateQmp(qemu.monitor)
    const expansion = await client.execute('query-cpu-model-expansion', { type: 'full', model: { name: model } })
    client.close()
    const { props } = expansion.model
    return Object.entries(typeof props === 'object' && props !== null ? props : {}).flatMap(([name, value]) => (value === true ? [name] : [])).toSorted()
  } finally {
    await qemu.stop()
  }
}
