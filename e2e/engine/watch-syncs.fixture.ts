/** Nobody can cut the power in a test; but every file that the engine waits for goes by one function of Node's. */
import { readlinkSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Tells of each file that this process has put on disk, and when it was last written to before. What it resolves to ends that. */
export async function watchSyncs(tell: (path: string, writtenAt: bigint) => Promise<void> | void): Promise<() => void> {
  const any = await open('/dev/null')
  const prototype = Object.getPrototypeOf(any) as { sync: (this: FileHandle) => Promise<void> }
  await any.close()
  const original = prototype.sync
  prototype.sync = async function sync(this: FileHandle) {
    const path = readlinkSync(`/proc/self/fd/${this.fd}`)
    const { mtimeNs } = statSync(path, { bigint: true })
    await original.call(this)
    await tell(path, mtimeNs)
  }
  return () => {
    prototype.sync = original
  }
}
