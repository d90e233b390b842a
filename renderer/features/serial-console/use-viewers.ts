/** How many look at a machine's serial port: this page and every other window, browser and command line. */
import { useEffect, useState } from 'react'
import { engine } from '../../state/connection.ts'

/** 0 as long as it is not known. `open`: this page's own connection is there; a new one asks anew. */
export function useViewers(machine: string, open: boolean): number {
  const [viewers, setViewers] = useState(0)
  useEffect(() => {
    if (!open) return
    const left = new AbortController()
    void (async () => {
      try {
        for await (const { serial } of await engine.console.viewers({ machine }, { signal: left.signal })) setViewers(serial)
      } catch {
        // The machine or the engine is gone, and the console says so itself.
      }
    })()
    return () => {
      left.abort()
      setViewers(0)
    }
  }, [machine, open])
  return viewers
}
