/** What carries out a guest's instructions: the host's processor, or QEMU in software. */
import { z } from 'zod'

export const acceleratorSchema = z.enum(['kvm', 'tcg'])
export type Accelerator = z.infer<typeof acceleratorSchema>
