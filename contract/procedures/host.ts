import { z } from 'zod'
import { doctorReportSchema, engineInfoSchema, hostInfoSchema } from '../host.ts'
import { procedure } from '../procedure.ts'

export const host = {
  show: procedure({ summary: 'Shows what this host can do: accelerators, QEMU, memory, folders.', access: 'read', cli: { command: 'host' } })
    .input(z.strictObject({ remeasure: z.boolean().default(false).describe('Measure the accelerators again instead of using the last result.') }))
    .output(hostInfoSchema),
  doctor: procedure({ summary: 'Looks for what keeps machines from running well and says what helps.', access: 'read', cli: { command: 'doctor' } })
    .input(z.strictObject({}))
    .output(doctorReportSchema),
}

export const engine = {
  info: procedure({ summary: 'Tells who holds the engine and why it stays.', access: 'read', cli: { command: 'engine info' } })
    .input(z.strictObject({}))
    .output(engineInfoSchema),
  shutdown: procedure({ summary: 'Ends the engine. Machines run on; the next engine finds them.', access: 'write', cli: { command: 'engine stop' } })
    .input(z.strictObject({}))
    .output(z.strictObject({ pid: z.int() })),
}
