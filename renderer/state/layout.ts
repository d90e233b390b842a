/** How the window is laid out; remembered on this computer. */
import { create } from 'zustand'
import { recall, remember } from './memory.ts'

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

export const useLayout = create(() => ({ sidebar: recall('sidebar', isBoolean, true) }))

export function toggleSidebar(): void {
  const sidebar = !useLayout.getState().sidebar
  useLayout.setState({ sidebar })
  remember('sidebar', sidebar)
}
