/**
 * The descriptors distributions install beside their firmware images, so that management software
 * need not know file names. Format and search order: QEMU, docs/interop/firmware.json.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const formatSchema = z.enum(['raw', 'qcow2'])
const fileSchema = z.object({ filename: z.string().startsWith('/'), format: formatSchema })

/** Only what can be used is described: flash with code and variables in two files. Others do not parse. */
const descriptorSchema = z.object({
  'interface-types': z.array(z.string()),
  mapping: z.object({
    device: z.literal('flash'),
    mode: z.literal('split').default('split'),
    executable: fileSchema,
    'nvram-template': fileSchema,
  }),
  targets: z.array(z.object({ architecture: z.string(), machines: z.array(z.string()) })),
  features: z.array(z.string()),
})
export type FirmwareDescriptor = z.infer<typeof descriptorSchema>

/**
 * All usable descriptors of these folders, best first: in the order of their names, whichever folder they are in.
 * A name in an earlier folder hides the same name in later ones, and an empty file hides without offering anything.
 */
export async function readFirmwareDescriptors(folders: readonly string[]): Promise<FirmwareDescriptor[]> {
  const pathByName = new Map<string, string>()
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names) {
      if (name.endsWith('.json') && !pathByName.has(name)) pathByName.set(name, join(folder, name))
    }
  }
  const paths = [...pathByName].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path)
  const descriptors = await Promise.all(paths.map(readDescriptor))
  return descriptors.filter((descriptor) => descriptor !== null)
}

/** Null for what is not for us: other kinds of firmware, empty files, files that do not parse. */
async function readDescriptor(path: string): Promise<FirmwareDescriptor | null> {
  try {
    return descriptorSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}
