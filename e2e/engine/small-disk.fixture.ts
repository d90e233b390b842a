/** A file system of its own that can be filled; mounting it is why tests with one need root. */
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
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path])
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
