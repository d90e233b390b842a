/** What a fork cannot have, one sentence each, for who asked for it. */
import type { MachineCore } from '../machine/machine-core.ts'
import { ramBlockers } from '../machine/ram-blockers.ts'
import type { ForkSource } from './fork-source.ts'

/** `copied`: RAM went through a stream, since QEMU has no library that shares it. */
export function forkNotes(parent: MachineCore, { config, withRam, origin }: ForkSource, copied: boolean): string[] {
  const notes: string[] = []
  if (withRam) {
    notes.push(`Network connections that were open in ${origin.machineName} go on there alone; in a fork they are dead.`)
    notes.push(config.vmgenid ? 'A fork makes new random numbers only where its kernel knows the VM generation ID.' : 'Nothing tells a fork that it is a copy: it goes on with the random numbers of its parent.')
    if (copied) notes.push('Memory was copied, which takes longer the more of it is in use: this QEMU does not load the memory library. mayfly doctor says why.')
  } else if (origin.checkpoint === null && parent.state !== 'stopped' && parent.state !== 'crashed') {
    const [blocker] = ramBlockers(parent)
    notes.push(`Forks boot from the disks as they were, as after a power cut.${blocker === undefined ? '' : ` With RAM it could not be: ${blocker}`}`)
  }
  if (config.tpm) notes.push('The TPM is a copy: a fork has the identity and the keys of its parent.')
  if (config.nics.some((nic) => nic.network.forwards.length > 0)) notes.push('Forwards lead to other ports of the host, for the parent keeps its own.')
  return notes
}
