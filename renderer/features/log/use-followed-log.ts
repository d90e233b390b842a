/** The end of a log and what comes after, gathered so that a flood draws once a frame. */
import { useEffect, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { addText, noLines } from './log-lines.ts'

export type LogSource = 'events' | 'qemu' | 'serial' | 'qmp'

export interface FollowedLog {
  readonly lines: readonly string[]
  /** Bytes that came faster than they could be taken. */
  readonly skippedBytes: number
  readonly error: MayflyError | undefined
  readonly loading: boolean
}

const linesAtMost = 20_000
const tailBytes = 256 * 1024
const retryMs = 2000
const nothingYet: FollowedLog = { lines: [], skippedBytes: 0, error: undefined, loading: true }

export function useFollowedLog(machine: string, source: LogSource): FollowedLog {
  const [log, setLog] = useState<FollowedLog>(nothingYet)
  useEffect(() => {
    const abort = new AbortController()
    let frame: number | undefined
    let retry: ReturnType<typeof setTimeout> | undefined

    async function follow(): Promise<void> {
      let known = noLines
      let skippedBytes = 0
      const draw = (): void => {
        frame = undefined
        setLog({ lines: known.lines, skippedBytes, error: undefined, loading: false })
      }
      try {
        for await (const piece of await engine.machine.followLog({ machine, source, tailBytes }, { signal: abort.signal })) {
          known = addText(known, piece.text, linesAtMost)
          skippedBytes += piece.skippedBytes
          frame ??= requestAnimationFrame(draw)
        }
        frame ??= requestAnimationFrame(draw)
      } catch (error) {
        if (abort.signal.aborted) return
        setLog((before) => ({ ...before, error: toMayflyError(error), loading: false }))
        retry = setTimeout(() => void follow(), retryMs)
      }
    }

    setLog(nothingYet)
    void follow()
    return () => {
      abort.abort()
      if (frame !== undefined) cancelAnimationFrame(frame)
      clearTimeout(retry)
    }
  }, [machine, source])
  return log
}
