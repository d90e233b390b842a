/** Everything about one machine, fetched anew whenever an event says that it changed. */
import type { MayflyError } from '../../contract/errors.ts'
import type { MachineDetails } from '../../contract/machine.ts'
import { useEffect } from 'react'
import { create } from 'zustand'
import { engine } from './connection.ts'
import { toMayflyError } from './failure.ts'
import { useMachine } from './mirror.ts'

interface DetailsState {
  readonly details: MachineDetails | undefined
  readonly error: MayflyError | undefined
}

/** Of the machine that is looked at; there is one. */
const useDetailsState = create<DetailsState & { readonly machine: string | undefined }>(() => ({ machine: undefined, details: undefined, error: undefined }))

/** An answer of the engine that came with an action: newer than what was fetched. */
export function tookDetails(details: MachineDetails): void {
  if (useDetailsState.getState().machine === details.id) useDetailsState.setState({ details, error: undefined })
}

export function useDetails(machine: string): DetailsState {
  const summary = useMachine(machine)
  useEffect(() => {
    if (summary === undefined) return
    const { id } = summary
    if (useDetailsState.getState().machine !== id) useDetailsState.setState({ machine: id, details: undefined, error: undefined })
    const abort = new AbortController()
    engine.machine.show({ machine: id }, { signal: abort.signal }).then(tookDetails, (error: unknown) => {
      if (!abort.signal.aborted) useDetailsState.setState({ error: toMayflyError(error) })
    })
    return () => abort.abort()
  }, [summary])
  const state = useDetailsState()
  return state.machine === machine ? state : { details: undefined, error: undefined }
}
