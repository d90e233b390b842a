/** The icon in the system tray, where the desktop has one: which machines run, and what can be done to them without the window. */
import { Menu, Tray } from 'electron'
import type { MenuItemConstructorOptions } from 'electron'
import type { MachineSummary } from '../../contract/machine.ts'
import { text } from '../../hosts/page/text/text.ts'
import type { Work } from './engine-mirror.ts'
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
    this.show([], [])
  }

  /** Shows these machines and what else is under way. The menu is made anew only where something in it changed: panels lose an open menu that is replaced. */
  show(running: readonly MachineSummary[], works: readonly Work[]): void {
    const words = text.tray
    const shown = JSON.stringify([running.map(({ id, name, state }) => [id, name, state]), works.map(({ title }) => title)])
    if (shown === this.#shown) return
    this.#shown = shown
    const { onShow, onShowMachine, onAction, onQuit } = this.#options
    const machines = running.slice(0, maxListed).map((machine): MenuItemConstructorOptions => ({
      label: plainLabel(words.machine(machine.name, machine.state)),
      submenu: [
        { label: words.show, click: () => onShowMachine(machine.id) },
        ...machineActions(machine).map((action) => ({ label: action.label, click: () => onAction(action, machine) })),
      ],
    }))
    const more = running.length - machines.length
    this.#tray.setToolTip(words.tip(running.length, works.length))
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: words.open, click: onShow },
        { type: 'separator' },
        ...(machines.length === 0 ? [{ label: words.none, enabled: false }] : machines),
        ...(more > 0 ? [{ label: words.more(more), click: onShow }] : []),
        ...(works.length === 0 ? [] : [{ type: 'separator' } as const]),
        ...works.slice(0, maxListed).map((work) => ({ label: plainLabel(words.work(work)), enabled: false })),
        { type: 'separator' },
        { label: words.quit, click: onQuit },
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
