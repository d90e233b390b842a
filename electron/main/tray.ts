/** The icon in the panel: which machines run, and what can be done to them without the window. */
import { Menu, Tray } from 'electron'
import type { MenuItemConstructorOptions } from 'electron'
import type { MachineSummary } from '../../contract/machine.ts'
import { machineActions } from './machine-actions.ts'
import type { MachineAction } from './machine-actions.ts'

interface TrayOptions {
  readonly icon: string
  readonly onShow: () => void
  readonly onShowMachine: (machine: string) => void
  readonly onAction: (action: MachineAction, machine: MachineSummary) => void
  readonly onQuit: () => void
}

/** A menu entry takes no more; the window shows the rest. */
const maxListed = 20

export class MachineTray {
  readonly #tray: Tray
  readonly #options: TrayOptions
  #shown = ''

  constructor(options: TrayOptions) {
    this.#options = options
    this.#tray = new Tray(options.icon)
    this.#tray.on('click', options.onShow)
    this.show([])
  }

  /** Shows these machines. The menu is made anew only where something in it changed: panels lose an open menu that is replaced. */
  show(running: readonly MachineSummary[]): void {
    const shown = JSON.stringify(running.map(({ id, name, state }) => [id, name, state]))
    if (shown === this.#shown) return
    this.#shown = shown
    const { onShow, onShowMachine, onAction, onQuit } = this.#options
    const machines = running.slice(0, maxListed).map((machine): MenuItemConstructorOptions => ({
      label: plainLabel(`${machine.name} (${machine.state})`),
      submenu: [
        { label: 'Show', click: () => onShowMachine(machine.id) },
        ...machineActions(machine).map((action) => ({ label: action.label, click: () => onAction(action, machine) })),
      ],
    }))
    const more = running.length - machines.length
    this.#tray.setToolTip(running.length === 0 ? 'Mayfly' : `Mayfly: ${running.length} running`)
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Mayfly', click: onShow },
        { type: 'separator' },
        ...(machines.length === 0 ? [{ label: 'No machine runs', enabled: false }] : machines),
        ...(more > 0 ? [{ label: `${more} more …`, click: onShow }] : []),
        { type: 'separator' },
        { label: 'Quit', click: onQuit },
      ]),
    )
  }

  close(): void {
    this.#tray.destroy()
  }
}

/** `&` marks a shortcut's letter in a menu; a name may hold one. */
function plainLabel(text: string): string {
  return text.replaceAll('&', '&&').slice(0, 80)
}
