/** What is kept of an image beside its files: image.json in the image's folder. */
import { join } from 'node:path'
import { z } from 'zod'
import { imageIdSchema } from '../../contract/ids.ts'
import { machineNameSchema } from '../../contract/machine.ts'
import type { DocumentKind } from '../storage/document.ts'

const contentSchema = z.discriminatedUnion('kind', [
  /** A qcow2 file without a backing file. */
  z.strictObject({ kind: z.literal('disk'), virtualBytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal('iso'), virtualBytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal('kernel'), commandLine: z.string().max(2048).regex(/^[\x20-\x7e]*$/) }),
])
export type ImageContent = z.infer<typeof contentSchema>

export const imageDocument = {
  format: 'mayfly-image',
  version: 1,
  schema: z.strictObject({
    format: z.literal('mayfly-image'),
    version: z.literal(1),
    id: imageIdSchema,
    name: machineNameSchema,
    /** A file's name, or `built on this host`. */
    origin: z.string().max(255),
    createdAt: z.iso.datetime(),
    /** Of the file as it was added, or of what was built. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    content: contentSchema,
  }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>
export type ImageDocument = z.infer<typeof imageDocument.schema>

/** The files an image can have: `vmlinux` is the kernel unpacked (PVH), `bzImage` the same as UEFI wants it. */
export type ImageFile = 'disk' | 'iso' | 'vmlinux' | 'bzImage' | 'initrd'

const fileNames: Readonly<Record<ImageFile, string>> = { disk: 'disk.qcow2', iso: 'disc.iso', vmlinux: 'vmlinux', bzImage: 'bzImage', initrd: 'initrd' }

const filesByKind: Readonly<Record<ImageContent['kind'], readonly ImageFile[]>> = { disk: ['disk'], iso: ['iso'], kernel: ['vmlinux', 'bzImage', 'initrd'] }

export function imageFilePath(folder: string, file: ImageFile): string {
  return join(folder, fileNames[file])
}

export function imageDocumentPath(folder: string): string {
  return join(folder, 'image.json')
}

/** The files an image of this kind consists of. */
export function filesOf(content: ImageContent): readonly ImageFile[] {
  return filesByKind[content.kind]
}
