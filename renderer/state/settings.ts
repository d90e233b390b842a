/** The engine's settings, fetched when somebody first looks and again whenever they were changed here. */
import type { MayflyError } from '../../contract/errors.ts'
import type { Settings } from '../../contract/settings.ts'
import { useEffect } from 'react'
import { create } from 'zustand'
import { engine } from './connection.ts'
import { toMayflyError } from './failure.ts'
import { useMirror } from './mirror.ts'

interface SettingsState {
  readonly settings: Settings | undefined
  /** Why they could not be read. */
  readonly error: MayflyError | undefined
}

const useSettingsState = create<SettingsState>(() => ({ settings: undefined, error: undefined }))

export function useSettings(): SettingsState {
  const live = useMirror(({ phase }) => phase === 'live')
  useEffect(() => {
    if (live) void take(engine.settings.show({}))
  }, [live])
  return useSettingsState()
}

/** Resolves to why it was not done. */
export async function changeSettings(to: Partial<Settings>): Promise<MayflyError | undefined> {
  return take(engine.settings.set(to))
}

/** Puts everything back to what it was at first. Resolves to why it was not done. */
export async function resetSettings(): Promise<MayflyError | undefined> {
  return take(engine.settings.reset({}))
}

async function take(call: Promise<Settings>): Promise<MayflyError | undefined> {
  try {
    useSettingsState.setState({ settings: await call, error: undefined })
    return undefined
  } catch (thrown) {
    const error = toMayflyError(thrown)
    if (useSettingsState.getState().settings === undefined) useSettingsState.setState({ error })
    return error
  }
}
