/** Images: something to install or boot from, kept once and shared by every machine that uses it. */
import { z } from 'zod'
import { imageIdSchema } from './ids.ts'

export const imageKindSchema = z.enum([
  /** A kernel with an initial RAM disk, started directly. */
  'kernel',
  /** A bootable disk; each machine gets its own layer on top. */
  'disk',
  /** Optical media, read only. */
  'iso',
])
export type ImageKind = z.infer<typeof imageKindSchema>

export const imageSchema = z.strictObject({
  id: imageIdSchema,
  name: z.string(),
  kind: imageKindSchema,
  /** qcow2, raw, iso9660, linux. */
  format: z.string(),
  /** Bytes on the host. */
  sizeBytes: z.int(),
  /** Bytes a guest sees; null for a kernel. */
  virtualBytes: z.int().nullable(),
  /** SHA-256 of the file as it was added, or of the built content. */
  sha256: z.string(),
  /** Where it came from: a file's name or `built on this host`. */
  origin: z.string(),
  createdAt: z.iso.datetime(),
  /** Names of machines that use it. */
  usedBy: z.array(z.string()),
  /** One sentence where it cannot be used. */
  broken: z.string().nullable(),
})
export type Image = z.infer<typeof imageSchema>
