/** A kernel that is started without a boot loader: its files, linked into the machine's folder. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { MayflyError } from '../../contract/errors.ts'
import type { ImageId } from '../../contract/ids.ts'
import type { MachineConfig } from '../../contract/machine.ts'
import type { ImageStore } from '../images/image-store.ts'
import type { MachinePaths } from '../qemu/argv/machine-paths.ts'
import { makePrivateFolder } from '../storage/atomic-file.ts'
import { type DocumentKind, readDocument, writeDocument } from '../storage/document.ts'
import type { MachineFolderNames } from '../storage/names.ts'

const bootDocument = {
  format: 'mayfly-boot',
  version: 1,
  schema: z.strictObject({ format: z.literal('mayfly-boot'), version: z.literal(1), commandLine: z.string().max(2048) }),
  migrations: [],
} as const satisfies DocumentKind<z.ZodType>

const inBoot = (names: Pick<MachineFolderNames, 'boot'>) => ({
  document: join(names.boot, 'boot.json'),
  /** Uncompressed, entered through PVH: twice as fast as a bzImage, but UEFI cannot start it. */
  vmlinux: join(names.boot, 'vmlinux'),
  bzImage: join(names.boot, 'bzImage'),
  initrd: join(names.boot, 'initrd'),
})

/** Links an image's kernel and initial RAM disk into the machine's folder. */
export async function placeKernel(names: MachineFolderNames, images: ImageStore, image: ImageId): Promise<void> {
  await makePrivateFolder(names.boot)
  const files = inBoot(names)
  const { commandLine } = images.kernelOf(image)
  await images.linkInto(image, 'vmlinux', files.vmlinux)
  await images.linkInto(image, 'bzImage', files.bzImage)
  await images.linkInto(image, 'initrd', files.initrd)
  await writeDocument(files.document, bootDocument, { format: 'mayfly-boot', version: 1, commandLine })
}

/** The files a machine of this configuration starts from, in its folder or in a checkpoint's. */
export function directBootFiles(names: Pick<MachineFolderNames, 'boot'>, config: MachineConfig): string[] {
  if (config.directBoot === undefined) return []
  const files = inBoot(names)
  return [config.firmware.kind === 'uefi' ? files.bzImage : files.vmlinux, files.initrd, files.document]
}

/** What QEMU is told to start. Throws `storage-corrupt` where a file is missing. */
export async function directBootPaths(names: MachineFolderNames, config: MachineConfig): Promise<NonNullable<MachinePaths['directBoot']>> {
  const files = inBoot(names)
  const kernel = config.firmware.kind === 'uefi' ? files.bzImage : files.vmlinux
  for (const file of [kernel, files.initrd]) {
    await access(file).catch((cause: unknown) => {
      throw new MayflyError('storage-corrupt', `${file} is missing; ${config.name} starts from it. Nothing was changed.`, { file, reason: 'it is missing' }, { cause })
    })
  }
  const { commandLine } = await readDocument(files.document, bootDocument)
  return { kernel, initrd: files.initrd, commandLine: [commandLine, config.directBoot?.extraCommandLine ?? ''].filter((part) => part !== '').join(' ') }
}
