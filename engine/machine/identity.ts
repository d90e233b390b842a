/** Where new identities come from. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { MachineId } from '../../contract/ids.ts'
import type { RandomIdentity } from '../qemu/argv/plan-hardware.ts'
import { makeRandomId } from '../jobs/random-id.ts'

export const randomIdentity: RandomIdentity = {
  uuid: () => randomUUID(),
  // 52:54:00 is the prefix QEMU and KVM guests have used since their beginning; locally administered, unicast.
  mac: () => ['52', '54', '00', ...[...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':'),
}

export function newMachineId(): MachineId {
  return makeRandomId() as MachineId
}
