/**
 * Identifiers that cross the contract. They are opaque to clients: nothing may be
 * derived from their text, and no path is ever made from anything but an id.
 */
import { z } from 'zod'

/** Twelve lower-case letters and digits, the first a letter. Also the name of the machine's folder. */
export const machineIdSchema = z.string().regex(/^[a-z][a-z0-9]{11}$/).brand<'MachineId'>()
export type MachineId = z.infer<typeof machineIdSchema>

/** Same shape as a machine's id. */
export const imageIdSchema = z.string().regex(/^[a-z][a-z0-9]{11}$/).brand<'ImageId'>()
export type ImageId = z.infer<typeof imageIdSchema>

/** Same shape as a machine's id. */
export const jobIdSchema = z.string().regex(/^[a-z][a-z0-9]{11}$/).brand<'JobId'>()
export type JobId = z.infer<typeof jobIdSchema>

/** Same shape as a machine's id. Unique over all machines, so a fork may name its parent's checkpoint. */
export const checkpointIdSchema = z.string().regex(/^[a-z][a-z0-9]{11}$/).brand<'CheckpointId'>()
export type CheckpointId = z.infer<typeof checkpointIdSchema>

/** Same shape as a machine's id. */
export const runIdSchema = z.string().regex(/^[a-z][a-z0-9]{11}$/).brand<'RunId'>()
export type RunId = z.infer<typeof runIdSchema>

/** What a person types to name a checkpoint of a machine: its label, its id, or an unambiguous beginning of its id. */
export const checkpointRefSchema = z.string().min(1).max(120)
export type CheckpointRef = z.infer<typeof checkpointRefSchema>

/** A device within one machine: `disk0`, `nic1`, `cd0`. QEMU's ids derive from it (`disk0-storage`). */
export const deviceIdSchema = z.string().regex(/^[a-z]{2,8}[0-9]{1,3}$/)
export type DeviceId = z.infer<typeof deviceIdSchema>

/** What a person types to name a machine: its name, its id, or an unambiguous beginning of its id. */
export const machineRefSchema = z.string().min(1).max(120)
export type MachineRef = z.infer<typeof machineRefSchema>

/** What a person types to name an image: its name, its id, or an unambiguous beginning of its id. */
export const imageRefSchema = z.string().min(1).max(120)
export type ImageRef = z.infer<typeof imageRefSchema>

/** Where a machine runs. Only this host exists so far; clients must not assume it. */
export const placeSchema = z.literal('local')
export type Place = z.infer<typeof placeSchema>
