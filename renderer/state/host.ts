/** What the host can do and what it has promised: fetched anew when machines begin or end. */
import type { HostInfo } from '../../contract/host.ts'
import type { MayflyError } from '../../contract/errors.ts'
import { useEffect } from 'react'
import { create } from 'zustand'
import { engine } from './connection.ts'
import { toMayflyError } from './failure.ts'
import { isOn } from './machine-looks.ts'
import { useMirror } from './mirror.ts'

interface HostState {
  readonly host: HostInfo | undefined
  /** Why it could not be fetched. What was known stays. */
  readonly error: MayflyError | undefined
}

const useHostState = create<HostState>(() => ({ host: undefined, error: undefined }))
/** What the last answer was for. */
let fetchedFor: string | undefined

export async function fetchHost(options: { readonly remeasure?: boolean } = {}): Promise<void> {
  try {
    useHostState.setState({ host: await engine.host.show({ remeasure: options.remeasure ?? false }), error: undefined })
  } catch (error) {
    fetchedFor = undefined
    useHostState.setState({ error: toMayflyError(error) })
  }
}

export function useHost(): HostState {
  // Changes with everything the host promises.
  const key = useMirror(({ phase, machines }) => (phase === 'live' ? machines.filter(({ state }) => isOn(state)).map(({ id, cpus, memoryMiB }) => `${id} ${cpus} ${memoryMiB}`).join() : undefined))
  useEffect(() => {
    if (key === undefined || key === fetchedFor) return
    fetchedFor = key
    void fetchHost()
  }, [key])
  return useHostState()
}
