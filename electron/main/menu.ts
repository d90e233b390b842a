/** The application menu. What it does, the page does: it only asks. */
import { Menu } from 'electron'
import type { DesktopCommand } from '../../contract/wire/desktop-bridge.ts'
import { text } from '../../hosts/page/text/text.ts'

export function setMenu(command: (command: DesktopCommand) => void, quit: () => void): void {
  const words = text.menu
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      {
        label: words.file,
        submenu: [
          { label: words.newMachine, accelerator: 'CmdOrCtrl+N', click: () => command({ kind: 'new-machine' }) },
          { label: words.addImage, accelerator: 'CmdOrCtrl+O', click: () => command({ kind: 'add-image' }) },
          { type: 'separator' },
          { label: words.settings, accelerator: 'CmdOrCtrl+,', click: () => command({ kind: 'settings' }) },
          { type: 'separator' },
          { role: 'close' },
          { label: words.quit, accelerator: 'CmdOrCtrl+Q', click: quit },
        ],
      },
      { role: 'editMenu' },
      { label: words.view, submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }, { role: 'reload' }, { role: 'toggleDevTools', visible: false }] },
      { label: words.help, submenu: [{ label: words.about, click: () => command({ kind: 'about' }) }] },
    ]),
  )
}
