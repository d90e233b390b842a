import { layoutNames } from './layouts.ts'
import type { LayoutName } from './layouts.ts'
import { recall, remember } from './memory.ts'

/** The keyboard a machine's guest is set to, as was said at its screen. */
export function guestLayout(machine: string): LayoutName {
  return recall(`layout.${machine}`, isLayout, 'us')
}

export function rememberGuestLayout(machine: string, layout: LayoutName): void {
  remember(`layout.${machine}`, layout)
}

function isLayout(value: unknown): value is LayoutName {
  return layoutNames.includes(value as LayoutName)
}
