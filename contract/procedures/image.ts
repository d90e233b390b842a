import { z } from 'zod'
import { imageRefSchema } from '../ids.ts'
import { imageSchema } from '../image.ts'
import { jobSchema } from '../job.ts'
import { machineNameSchema } from '../machine.ts'
import { procedure } from '../procedure.ts'

export const image = {
  list: procedure({ summary: 'Lists the images machines can be made from.', access: 'read', cli: { command: 'image list' } })
    .input(z.strictObject({}))
    .output(z.array(imageSchema)),
  show: procedure({ summary: 'Shows one image.', access: 'read', cli: { command: 'image show', positionals: ['image'] } }, ['not-found'])
    .input(z.strictObject({ image: imageRefSchema.describe('Name, id, or beginning of an id.') }))
    .output(imageSchema),
  build: procedure(
    { summary: 'Builds an image from this host\'s own packages. The same content is built once.', access: 'write', job: true, cli: { command: 'image build', positionals: ['recipe'], examples: ['mayfly image build tiny'] } },
    ['unsupported', 'no-space'],
  )
    .input(z.strictObject({ recipe: z.enum(['tiny']).describe('tiny: a small Linux, ready in seconds.') }))
    .output(jobSchema),
  add: procedure(
    { summary: 'Adds a disk image or an ISO file. It is copied, checked, and never changed.', access: 'write', job: true, cli: { command: 'image add', positionals: ['file'], examples: ['mayfly image add debian-13.iso'] } },
    ['not-found', 'unsupported', 'no-space', 'conflict'],
  )
    .input(z.strictObject({
      file: z.string().min(1).max(4096).describe('The file, as an absolute path on the engine\'s host.'),
      name: machineNameSchema.optional().describe('What to call it; default: the file\'s name.'),
    }))
    .output(jobSchema),
  remove: procedure({ summary: 'Removes an image. Machines made from it keep what they need.', access: 'destroy', cli: { command: 'image remove', positionals: ['image'], confirm: true } }, ['not-found', 'in-use'])
    .input(z.strictObject({ image: imageRefSchema.describe('Name, id, or beginning of an id.') }))
    .output(imageSchema),
}
