/**
 * A file system of its own that can be filled; mounting it is why tests with one need root. It is what people have, ext4, where a file can be
 * mounted, and else a tmpfs: their blocks, holes and space that was just given back are not alike.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export class SmallDisk {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  static async mount(sizeMiB: number): Promise<SmallDisk> {
    const path = await mkdtemp(join(tmpdir(), 'mfd-'))
    if (!(await mountExt4(path, sizeMiB))) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path])
    return new SmallDisk(path)
  }

  /** Leaves so many bytes. What it resolves to makes room again. */
  async fillUp(leaveBytes: number): Promise<() => Promise<void>> {
    const ballast = join(this.path, 'ballast')
    const { bavail, bsize } = await statfs(this.path)
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes))).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') throw error
      // Somebody has taken of it meanwhile, and now there is nothing.
      await truncate(ballast, Math.max(0, (await stat(ballast)).size - leaveBytes))
    })
    return () => rm(ballast)
  }

  async unmount(): Promise<void> {
    execFileSync('umount', [this.path])
    await rm(this.path, { recursive: true })
  }
}

/** Room for the journal and for inodes, so that what is left is as much as on a tmpfs of the size. */
const ownMiB = 8

/** False where there are no loop devices, or no mkfs. */
async function mountExt4(path: string, sizeMiB: number): Promise<boolean> {
  const file = `${path}.ext4`
  try {
    await writeFile(file, '', { flag: 'wx', mode: 0o600 })
    await truncate(file, (sizeMiB + ownMiB) * 1024 * 1024)
    execFileSync('mkfs.ext4', ['-q', '-b', '4096', '-m', '0', '-N', '4096', '-J', 'size=4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', file], { stdio: 'ignore' })
    execFileSync('mount', ['-o', 'loop', file, path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    // Once it is mounted the kernel keeps it, and nothing is left of it when that lets go.
    await rm(file, { force: true })
  }
}
