/** What machines truly cost the host together: what forks share is counted once. Asked one machine after the other, and not often: the host has to look at every page. */
import { useEffect, useState } from 'react'
import { engine } from './connection.ts'

const everyMs = 15_000

/** Undefined until it is known of all of them. `machines`: ids of machines with a process. */
export function useRealMemory(machines: readonly string[]): number | undefined {
  const [bytes, setBytes] = useState<number>()
  const key = machines.join()
  useEffect(() => {
    if (key === '') return
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      let sum = 0
      let known = true
      for (const machine of key.split(',')) {
        if (abort.signal.aborted) return
        const real = await engine.machine.show({ machine }, { signal: abort.signal }).then(({ process }) => process?.proportionalBytes ?? null, () => null)
        if (real === null) known = false
        else sum += real
      }
      if (abort.signal.aborted) return
      setBytes(known ? sum : undefined)
      timer = setTimeout(() => void ask(), everyMs)
    }
    void ask()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [key])
  return key === '' ? undefined : bytes
}
