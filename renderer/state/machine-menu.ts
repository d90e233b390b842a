/** The menu of a machine, where the pointer asked for it. Everything in it can be had elsewhere, too. */
import { create } from 'zustand'
import { keepFocus } from './focus-back.ts'

export interface MachineMenu {
  readonly machine: string
  readonly x: number
  readonly y: number
}

export const useMachineMenu = create<{ readonly menu: MachineMenu | undefined }>(() => ({ menu: undefined }))

export function openMachineMenu(menu: MachineMenu | undefined): void {
  if (menu !== undefined) keepFocus()
  useMachineMenu.setState({ menu })
}
