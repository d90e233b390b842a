/** The contract: everything the engine offers, and nothing else. Faces and transports derive from it. */
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { eventSchema } from './event.ts'
import { procedure } from './procedure.ts'
import { checkpointProcedures } from './procedures/checkpoint.ts'
import { cdrom, disk, forward, nic } from './procedures/device.ts'
import { console, guest } from './procedures/guest.ts'
import { engine, host } from './procedures/host.ts'
import { image } from './procedures/image.ts'
import { job } from './procedures/job.ts'
import { machineProcedures } from './procedures/machine.ts'
import { metrics } from './procedures/metrics.ts'
import { runProcedures } from './procedures/run.ts'
import { settings } from './procedures/settings.ts'
import { templateProcedures } from './procedures/template.ts'
import { trash } from './procedures/trash.ts'

export const contract = {
  engine,
  host,
  image,
  machine: machineProcedures,
  trash,
  checkpoint: checkpointProcedures,
  disk,
  cdrom,
  nic,
  forward,
  console,
  guest,
  job,
  metrics,
  settings,
  template: templateProcedures,
  run: runProcedures,
  events: {
    watch: procedure({ summary: 'Tells what changes as it changes, beginning with a snapshot.', access: 'read', cli: { command: 'watch', interactive: true } })
      .input(z.strictObject({}))
      .output(eventIterator(eventSchema)),
  },
}
export type Contract = typeof contract
