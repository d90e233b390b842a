/**
 * A boot under way: how far it is and what is usual, as the engine tells, and what its guest wrote
 * last, which is followed only while somebody looks. There is no time after which a boot has failed.
 */
import type { MachineDetails, MachineSummary } from '../../contract/machine.ts'
import { useEffect, useState } from 'react'
import { engine } from './connection.ts'
import { lastLines, plainText } from './plain-text.ts'

/** Guests that tell nothing of themselves are not taken for starting for ever. */
const longestSeconds = 10 * 60
/** As often in a minute as no guest restarts that comes up in the end. */
const restartsInVain = 3
const shownLines = 3
const serialTailBytes = 16 * 1024
const retryMs = 1000

/** Whether its guest restarts again and again instead of coming up. */
export function restartsAgainAndAgain({ restartsInMinute }: MachineSummary): boolean {
  return restartsInMinute >= restartsInVain
}

/** Whether its guest may still be coming up. */
export function isBooting({ state, startedAt, bootPhase, restartsInMinute }: MachineSummary): boolean {
  if (state === 'starting') return true
  return state === 'running' && bootPhase !== 'ready' && startedAt !== null && (restartsInMinute > 0 || (Date.now() - Date.parse(startedAt)) / 1000 < longestSeconds)
}

/** What a guest that is coming up wrote last on its serial port. */
export function useLastLines({ id, startedAt }: MachineSummary): readonly string[] {
  const [lines, setLines] = useState<readonly string[]>([])
  useEffect(() => {
    const abort = new AbortController()
    setLines([])
    void follow(id, abort.signal, setLines)
    return () => abort.abort()
  }, [id, startedAt])
  return lines
}

async function follow(machine: string, signal: AbortSignal, show: (lines: readonly string[]) => void): Promise<void> {
  while (!signal.aborted) {
    let serial = ''
    try {
      for await (const piece of await engine.machine.followLog({ machine, source: 'serial', tailBytes: serialTailBytes, thisBootOnly: true }, { signal })) {
        serial = `${serial}${plainText(piece.text)}`.slice(-serialTailBytes)
        show(lastLines(serial, shownLines))
      }
    } catch {
      // The machine has just begun or just ended, or the engine is away: what is known stays.
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/** Bytes a disk takes that nothing was ever written to; a boot sector and a file system take more. */
const blankBytes = 1024 ** 2

/** Whether there is nothing its firmware could boot: no kernel of its own, no disc in a drive, and disks nothing was written to. */
export function hasNothingToBoot(machine: MachineSummary, details: MachineDetails | undefined): boolean {
  const config = details?.config
  if (config === null || config === undefined || machine.state !== 'running' || machine.agent === 'answering' || machine.origin !== null) return false
  return config.directBoot === undefined && config.cdroms.every(({ image }) => image === null) && details?.disks.every(({ allocatedBytes }) => allocatedBytes < blankBytes) === true
}
