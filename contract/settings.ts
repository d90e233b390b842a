/** What a user decides once, for all machines. Kept in config/settings.json. */
import { z } from 'zod'
import { cpuCountSchema, machineConfigSchema, memoryMiBSchema, profileSchema } from './machine.ts'

const stop = machineConfigSchema.shape.stop.shape

export const settingsSchema = z.strictObject({
  /** Absolute path of the QEMU to use; null: the first that is found. `MAYFLY_QEMU` comes before it. */
  qemuBinary: z.string().min(1).max(4096).nullable(),
  /** What new machines are where their maker says nothing; null: Mayfly decides by image and host. */
  defaultProfile: profileSchema.nullable(),
  defaultCpus: cpuCountSchema.nullable(),
  defaultMemoryMiB: memoryMiBSchema.nullable(),
  /** How long a new machine's guest may take to shut down, and what happens then. */
  stopTimeoutSeconds: stop.timeoutSeconds.unwrap(),
  onStopTimeout: stop.onTimeout.unwrap(),
  /** What closing the desktop app's window does: with `keep-running` the app goes on without it while machines run or work is under way, `quit` asks as Quit does. With neither it always quits. */
  onWindowClose: z.enum(['keep-running', 'quit']).default('keep-running'),
  /** What quitting the desktop app does with machines that run: ask each time, leave them running, shut them down, or save them: a checkpoint with their RAM, then off. Jobs and runs under way are asked about in any case. */
  onQuit: z.enum(['ask', 'leave-running', 'save', 'shut-down']).default('ask'),
  /** Port of `mayfly serve` where none is given; null: 8006, or any that is free. */
  servePort: z.int().min(1).max(65_535).nullable().default(null),
})
export type Settings = z.infer<typeof settingsSchema>

export const defaultSettings: Settings = { qemuBinary: null, defaultProfile: null, defaultCpus: null, defaultMemoryMiB: null, stopTimeoutSeconds: 60, onStopTimeout: 'ask', onWindowClose: 'keep-running', onQuit: 'ask', servePort: null }
