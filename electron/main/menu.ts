/** The application menu. What it does, the page does: it only asks. */
import { Menu } from 'electron'
import type { DesktopCommand } from '../../contract/wire/desktop-bridge.ts'

export function setMenu(command: (command: DesktopCommand) => void, quit: () => void): void {
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      {
        label: '&File',
        submenu: [
          { label: '&New machine …', accelerator: 'CmdOrCtrl+N', click: () => command({ kind: 'new-machine' }) },
          { label: 'Add &image …', accelerator: 'CmdOrCtrl+O', click: () => command({ kind: 'add-image' }) },
          { type: 'separator' },
          { label: '&Settings', accelerator: 'CmdOrCtrl+,', click: () => command({ kind: 'settings' }) },
          { type: 'separator' },
          { role: 'close' },
          { label: '&Quit', accelerator: 'CmdOrCtrl+Q', click: quit },
        ],
      },
      { role: 'editMenu' },
      { label: '&View', submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }, { role: 'reload' }, { role: 'toggleDevTools', visible: false }] },
      { label: '&Help', submenu: [{ label: '&About Mayfly', click: () => command({ kind: 'about' }) }] },
    ]),
  )
}
