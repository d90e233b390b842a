/** How the window is laid out; remembered on this computer. */
import { create } from 'zustand'
import { recall, remember } from './memory.ts'

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

/** Pixels. `usual`: as it is drawn, in a wide window. */
export const sidebarWidths = { usual: 304, least: 200, most: 560 } as const

interface Layout {
  readonly sidebar: boolean
  /** As it was dragged; undefined: as it is drawn, which depends on the window. */
  readonly sidebarPx: number | undefined
}

function isWidth(value: unknown): value is number | undefined {
  return typeof value === 'number' && value >= sidebarWidths.least && value <= sidebarWidths.most
}

export const useLayout = create<Layout>(() => ({ sidebar: recall('sidebar', isBoolean, true), sidebarPx: recall('sidebar-width', isWidth, undefined) }))

/** Undefined: as it is drawn. */
export function resizeSidebar(px: number | undefined): void {
  const sidebarPx = px === undefined ? undefined : Math.round(Math.min(sidebarWidths.most, Math.max(sidebarWidths.least, px)))
  useLayout.setState({ sidebarPx })
  remember('sidebar-width', sidebarPx ?? null)
}

export function toggleSidebar(): void {
  const sidebar = !useLayout.getState().sidebar
  useLayout.setState({ sidebar })
  remember('sidebar', sidebar)
}
