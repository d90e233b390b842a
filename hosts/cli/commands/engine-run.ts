/** `mayfly engine run`: the engine in the foreground, for services and the curious. */
import type { Call } from '../command-line.ts'
import type { Io } from '../io.ts'

export async function engineRunCommand(_call: Call, _io: Io): Promise<number> {
  return await Promise.resolve(0)
}
