/** How the command line comes to an engine: the one that runs, or one it starts. */
import { MayflyError } from '../../contract/errors.ts'
import type { EngineClient, EngineConnection } from '../../engine/engine-face.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import { engineSocket } from '../../engine/storage/names.ts'
import { connectEngine } from '../socket/client.ts'
import type { Call } from './command-line.ts'
import type { Io } from './io.ts'

/** How long a Tab may wait. */
const completionPatienceMs = 700

export async function connect(_call: Call, io: Io): Promise<EngineConnection> {
  return await Promise.resolve(connectEngine(engineSocket(resolveFolders(io.env))))
}

/** Asks an engine that runs; undefined where none does, or it does not answer soon. */
export async function askRunningEngine<T>(question: (client: EngineClient) => Promise<T>): Promise<T | undefined> {
  const connection = connectEngine(engineSocket(resolveFolders(process.env)))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), completionPatienceMs)
  })
  try {
    return await Promise.race([question(connection.client), late])
  } catch (error) {
    if (error instanceof MayflyError) return undefined
    throw error
  } finally {
    clearTimeout(timer)
    await connection.close()
  }
}
