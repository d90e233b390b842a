/**
 * The clipboard's channel into a guest, plugged and unplugged while the machine runs: when its
 * owner switches it, and around every RAM checkpoint, which QEMU refuses while the channel is there.
 */
import { isMayflyError } from '../../contract/errors.ts'
import { hasProcess } from '../../contract/machine-state.ts'
import { clipboardBackend, clipboardPort } from '../qemu/argv/devices/clipboard.ts'
import type { QmpArguments, QmpClient } from '../qemu/qmp/qmp-client.ts'
import type { MachineCore } from './machine-core.ts'
import { liveOf } from './power.ts'

/** Taking a port away needs nothing of the guest; QEMU closes the back end a moment later. */
const goneWithinMs = 5_000
const lookAgainMs = 10

/**
 * Takes the channel away. Legal while the machine has a process, also with its CPUs stopped. Answers
 * whether it was there: only then is it plugged again afterwards. Throws `qmp-failed` or `qmp-interrupted`.
 */
export async function unplugClipboard(core: MachineCore): Promise<boolean> {
  const { qmp } = liveOf(core)
  if (!(await hasBackend(qmp))) return false
  try {
    await qmp.execute('device_del', { id: clipboardPort.id })
  } catch (error) {
    // An engine that was killed in the middle may have left a back end without its port.
    if (!isMayflyError(error, 'qmp-failed')) throw error
  }
  for (const deadline = performance.now() + goneWithinMs; ; ) {
    try {
      await qmp.execute('chardev-remove', { id: clipboardPort.chardev })
      return true
    } catch (error) {
      // Still in use: the port is not wholly gone.
      if (!isMayflyError(error, 'qmp-failed') || performance.now() > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
    }
  }
}

/** Plugs the channel. Where it is plugged already, nothing happens. Legal and throwing as `unplugClipboard`; after a failure nothing of it is left. */
export async function plugClipboard(core: MachineCore): Promise<void> {
  const { qmp } = liveOf(core)
  if (await hasBackend(qmp)) return
  await qmp.execute('chardev-add', { id: clipboardPort.chardev, backend: clipboardBackend })
  try {
    await qmp.execute('device_add', clipboardPort as QmpArguments<'device_add'>)
  } catch (error) {
    await qmp.execute('chardev-remove', { id: clipboardPort.chardev }).catch(() => undefined)
    throw error
  }
}

/** Brings the running guest's channel to what its owner has chosen. Runs in the machine's queue. */
export async function applyClipboard(core: MachineCore): Promise<void> {
  const { run } = core
  const { clipboard } = core.config
  if (run === null || !hasProcess(core.state) || run.config.clipboard === clipboard) return
  if (clipboard) await plugClipboard(core)
  else await unplugClipboard(core)
  await core.saveRun({ ...run, config: { ...run.config, clipboard } })
}

async function hasBackend(qmp: QmpClient): Promise<boolean> {
  return (await qmp.execute('query-chardev')).some(({ label }) => label === clipboardPort.chardev)
}
