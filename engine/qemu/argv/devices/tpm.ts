/** A TPM 2.0 whose state swtpm keeps; QEMU is its client on a unix socket (docs/specs/tpm.rst). */
import { MayflyError } from '../../../../contract/errors.ts'
import { commaOptions, type DeviceArguments } from '../device-arguments.ts'
import { backendId, onlyOne, streamId } from '../qemu-ids.ts'

export const tpmDriver = 'tpm-tis'

export function tpmArguments(socket: string | null): DeviceArguments {
  if (socket === null) throw new MayflyError('bug', 'The machine has a TPM and its socket was not given.', { reference: 'argv:tpm' })
  return {
    chardevs: [commaOptions('socket', { id: streamId(onlyOne.tpm), path: socket })],
    tpmdevs: [commaOptions('emulator', { id: backendId(onlyOne.tpm), chardev: streamId(onlyOne.tpm) })],
    devices: [{ driver: tpmDriver, id: onlyOne.tpm, tpmdev: backendId(onlyOne.tpm) }],
  }
}
