/** The menu of a machine, where the pointer asked for it. Everything in it can be had elsewhere, too. */
import { create } from 'zustand'

export interface MachineMenu {
  readonly machine: string
  readonly x: number
  readonly y: number
}

export const useMachineMenu = create<{ readonly menu: MachineMenu | undefined }>(() => ({ menu: undefined }))

export function openMachineMenu(menu: MachineMenu | undefined): void {
  useMachineMenu.setState({ menu })
}
