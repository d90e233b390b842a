/** What a new machine is when its owner says little: good defaults by image and profile. */
import type { Image } from '../../../contract/image.ts'
import type { MachineConfig } from '../../../contract/machine.ts'
import { MayflyError } from '../../../contract/errors.ts'
import type { CreateRequest } from '../../../contract/procedures/machine.ts'
import type { Capabilities } from './capabilities.ts'

export type ImageFacts = Pick<Image, 'id' | 'kind' | 'virtualBytes'>

export interface HostFacts {
  /** Logical CPUs of the host. */
  readonly cpus: number
  readonly memoryMiB: number
  /** Null where QEMU is missing. */
  readonly capabilities: Capabilities | null
}

/** The configuration of a new machine. `image` is the image the request names, if it names one. */
export function defaultMachineConfig(request: CreateRequest, image: ImageFacts | null, host: HostFacts): MachineConfig {
  throw new MayflyError('bug', `No defaults for ${request.name}, ${image?.kind}, ${host.cpus}.`, { reference: 'defaults' })
}
