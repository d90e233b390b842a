/** Whether the file system under the machines suits them: local, whole, and able to share what is equal. */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Diagnostic, Finding } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

/** `f_type` of statfs(2), from Linux' include/uapi/linux/magic.h and the file systems' own headers. */
const remote: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0xff53_4d42: 'CIFS',
  0xfe53_4d42: 'SMB',
  0x517b: 'SMB',
  0x0102_1997: '9p',
  0x6573_5546: 'FUSE',
  0x00c3_6400: 'Ceph',
}
const unsuitable: Readonly<Record<number, string>> = { 0x4d44: 'FAT', 0x2011_bab0: 'exFAT' }

export const fileSystemDiagnostic: Diagnostic = {
  id: 'file-system',
  title: 'File system of the machines',
  applicable: () => true,
  async check({ folders: { data } }) {
    const tried = `Asked what ${data} lies on, and tried to share blocks between two files there.`
    const { type } = await statfs(data)
    const move = [remedy('Keep machines on a local disk with ext4, XFS or Btrfs: set MAYFLY_HOME.')]
    const finding = (name: string, concerns: string): Finding => ({ status: 'warning', found: `Machines are kept on ${name}.`, tried, concerns, remedies: move })
    const remoteName = remote[type]
    if (remoteName !== undefined) return finding(remoteName, 'Disks are slow over it, locks may not hold, and a pause of the network pauses machines.')
    const unsuitableName = unsuitable[type]
    if (unsuitableName !== undefined) return finding(unsuitableName, 'It has no sparse files and no permissions; disks take their whole size.')
    if (await canShareBlocks(data)) return ok('It is local, and copies of disks take no space of their own.', tried)
    return ok('It is local. It cannot share blocks between files, so a copy of a disk takes its whole size.', tried)
  },
}

/** Whether a copy may be a reference (reflink: Btrfs, XFS, bcachefs). Both files are gone afterwards. */
async function canShareBlocks(folder: string): Promise<boolean> {
  const source = join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  const copy = `${source}.copy`
  try {
    await writeFile(source, randomBytes(4096), { mode: 0o600 })
    await copyFile(source, copy, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    return false
  } finally {
    await Promise.all([rm(source, { force: true }), rm(copy, { force: true })])
  }
}
