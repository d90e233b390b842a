/**
 * What the host can do and what it has promised: fetched anew when machines begin or end, and when
 * somebody is about to decide by it. What could not be fetched is asked for again.
 */
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
const againMs = 5000
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

/** `fresh`: as it is now, because sizes are chosen by it: free memory and disk change without any machine of ours. */
export function useHost({ fresh = false }: { readonly fresh?: boolean } = {}): HostState {
  // Changes with everything the host promises.
  const key = useMirror(({ phase, machines }) => (phase === 'live' ? machines.filter(({ state }) => isOn(state)).map(({ id, cpus, memoryMiB }) => `${id} ${cpus} ${memoryMiB}`).join() : undefined))
  useEffect(() => {
    if (key === undefined || key === fetchedFor) return
    fetchedFor = key
    void fetchHost()
  }, [key])
  const isLive = key !== undefined
  useEffect(() => {
    if (fresh && isLive) void fetchHost()
  }, [fresh, isLive])
  const state = useHostState()
  useEffect(() => {
    if (!isLive || state.error === undefined) return
    const timer = setTimeout(() => void fetchHost(), againMs)
    return () => clearTimeout(timer)
  }, [isLive, state.error])
  return state
}
