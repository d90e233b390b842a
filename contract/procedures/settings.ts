import { z } from 'zod'
import { procedure } from '../procedure.ts'
import { settingsSchema } from '../settings.ts'

const { shape } = settingsSchema

export const settings = {
  show: procedure({ summary: 'Shows the settings that count for all machines.', access: 'read', cli: { command: 'settings show' } }, ['storage-corrupt', 'schema-too-new'])
    .input(z.strictObject({}))
    .output(settingsSchema),
  set: procedure(
    { summary: 'Changes settings; what is not named stays as it is.', access: 'write', cli: { command: 'settings set', fields: { defaultMemoryMiB: { flag: 'default-memory', unit: 'size-mib' }, stopTimeoutSeconds: { flag: 'stop-timeout', unit: 'duration-s' } }, examples: ['mayfly settings set --default-memory 1GiB --default-cpus 2'] } },
    ['storage-corrupt', 'schema-too-new', 'no-space', 'host-unavailable', 'unsupported', 'qemu-launch-failed'],
  )
    .input(z.strictObject({
      qemuBinary: shape.qemuBinary.optional().describe('Absolute path of the QEMU to use.'),
      defaultProfile: shape.defaultProfile.optional().describe('What new machines are made of.'),
      defaultCpus: shape.defaultCpus.optional().describe('CPUs of new machines.'),
      defaultMemoryMiB: shape.defaultMemoryMiB.optional().describe('Memory of new machines.'),
      stopTimeoutSeconds: shape.stopTimeoutSeconds.optional().describe('How long guests of new machines may take to shut down.'),
      onStopTimeout: shape.onStopTimeout.optional().describe('What happens then: ask, or force.'),
      onWindowClose: shape.onWindowClose.unwrap().optional().describe('What closing the window does while machines run or work is under way.'),
      onQuit: shape.onQuit.unwrap().optional().describe('What quitting the window does with machines that run.'),
      servePort: shape.servePort.unwrap().optional().describe('Port of mayfly serve where none is given.'),
    }))
    .output(settingsSchema),
  reset: procedure({ summary: 'Puts all settings back to what they were at first.', access: 'write', cli: { command: 'settings reset', confirm: true } }, ['no-space'])
    .input(z.strictObject({}))
    .output(settingsSchema),
}
