/** What the command of a cell wrote, and goes on to write. The end of it is kept. */
import { useEffect, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { plainText } from '../../state/plain-text.ts'

export interface Output {
  readonly lines: readonly string[]
  readonly skippedBytes: number
  readonly error: MayflyError | undefined
  /** Whether anything was told yet, be it that there is nothing. */
  readonly told: boolean
}

const keptLines = 20_000
/** What comes at once is drawn at once. */
const gatherMs = 80
const nothing: Output = { lines: [], skippedBytes: 0, error: undefined, told: false }

/** `key` changes when it is worth asking again: the cell has begun, or ended. */
export function useOutput(run: string, cell: number, key: string, wanted: boolean): Output {
  const [output, setOutput] = useState(nothing)
  useEffect(() => {
    if (!wanted) return
    const abort = new AbortController()
    let text = ''
    let skippedBytes = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (error?: MayflyError): void => {
      clearTimeout(timer)
      timer = undefined
      if (!abort.signal.aborted) setOutput({ lines: linesOf(text), skippedBytes, error, told: true })
    }
    const follow = async (): Promise<void> => {
      try {
        for await (const piece of await engine.run.followOutput({ run, cell }, { signal: abort.signal })) {
          text += piece.text
          skippedBytes += piece.skippedBytes
          timer ??= setTimeout(show, gatherMs)
        }
        show()
      } catch (error) {
        if (!abort.signal.aborted) show(toMayflyError(error))
      }
    }
    void follow()
    return () => {
      abort.abort()
      clearTimeout(timer)
      setOutput(nothing)
    }
  }, [run, cell, key, wanted])
  return output
}

function linesOf(text: string): string[] {
  const lines = plainText(text).split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.slice(-keptLines)
}

/** The end of a cell's serial log, asked for anew with each `key`. */
export function useSerial(run: string, cell: number, key: string, wanted: boolean): Output {
  const [output, setOutput] = useState(nothing)
  useEffect(() => {
    if (!wanted) return
    const abort = new AbortController()
    engine.run.serial({ run, cell }, { signal: abort.signal }).then(
      ({ text }) => setOutput({ lines: linesOf(text), skippedBytes: 0, error: undefined, told: true }),
      (error: unknown) => {
        if (!abort.signal.aborted) setOutput({ ...nothing, error: toMayflyError(error), told: true })
      },
    )
    return () => abort.abort()
  }, [run, cell, key, wanted])
  return output
}

/** A cell's screen: now, every other second while its command runs, or as it was last. A data: URL. */
export function useCellScreen(run: string, cell: number, state: string, hasScreenshot: boolean): string | undefined {
  const [screen, setScreen] = useState<string>()
  const goesOn = state === 'running'
  useEffect(() => {
    if (!hasScreenshot && !goesOn) return
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const take = async (): Promise<void> => {
      try {
        const { mediaType, base64 } = await engine.run.screenshot({ run, cell }, { signal: abort.signal })
        if (!abort.signal.aborted) setScreen(`data:${mediaType};base64,${base64}`)
      } catch {
        // A machine without a screen has none; the last one stays.
      }
      if (goesOn && !abort.signal.aborted) timer = setTimeout(() => void take(), 2000)
    }
    void take()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [run, cell, goesOn, hasScreenshot])
  return screen
}
