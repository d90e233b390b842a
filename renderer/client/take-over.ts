/** Asks the host of this page to take the place of an engine that does not answer. */
import { sessionKeyHeader, sessionKeyName } from '../../contract/wire/browser-session.ts'
import { fromErrorRecord } from '../../contract/wire/error-record.ts'
import { takeOverPath } from '../../contract/wire/frozen-engine.ts'
import { desktopBridge } from './connect.ts'

/** Rejects with `MayflyError` where it could not be done. */
export async function takeOverEngine(): Promise<void> {
  const bridge = desktopBridge()
  if (bridge !== undefined) {
    const failure = await bridge.takeOverEngine()
    if (failure !== null) throw fromErrorRecord(failure)
    return
  }
  const answer = await fetch(takeOverPath, { method: 'POST', headers: { [sessionKeyHeader]: localStorage.getItem(sessionKeyName) ?? '' } })
  if (!answer.ok) throw fromErrorRecord(((await answer.json()) as { error?: unknown }).error)
}
