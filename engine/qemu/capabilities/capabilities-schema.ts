/** The shape of capabilities as JSON: in the cache, and in the captures that the goldens use. */
import { z } from 'zod'
import { acceleratorSchema } from '../../../contract/accelerator.ts'
import type { Capabilities } from '../argv/capabilities.ts'

const names = z.array(z.string())
const propertyLists = z.record(z.string(), names)

export const capabilitiesSchema = z.strictObject({
  qemuVersion: z.strictObject({ major: z.int(), minor: z.int(), micro: z.int(), text: z.string() }),
  machineTypes: z.array(z.strictObject({ name: z.string(), alias: z.string().exactOptional(), cpuMax: z.int(), default: z.boolean(), deprecated: z.boolean() })),
  devices: names,
  deviceProperties: propertyLists,
  objects: names,
  objectProperties: propertyLists,
  cpuModels: names,
  blockdevDrivers: names,
  netdevTypes: names,
  chardevBackends: names,
  displayTypes: names,
  tpmModels: names,
  tpmBackends: names,
  commands: names,
  migrationCapabilities: names,
  accelerators: z.array(acceleratorSchema),
  audioDrivers: names,
  sandbox: z.boolean(),
  vnc: z.boolean(),
}) satisfies z.ZodType<Capabilities>
