/** What the window's menu, tray, notifications and links ask for. In a browser nobody asks. */
import { useEffect } from 'react'
import type { DesktopCommand } from '../../../contract/wire/desktop-bridge.ts'
import { desktopBridge } from '../../client/connect.ts'
import { openOverlay } from '../../state/overlay.ts'
import { chooseFile } from '../../state/adding.ts'
import { go } from '../../state/place.ts'

export function useDesktop(): void {
  useEffect(() => desktopBridge()?.onCommand(obey), [])
}

function obey(command: DesktopCommand): void {
  switch (command.kind) {
    case 'show-machine': return go({ view: 'machines', machine: command.machine })
    case 'new-machine': return openOverlay({ kind: 'wizard' })
    case 'add-image':
      go({ view: 'images' })
      return void chooseFile()
    case 'settings': return go({ view: 'settings' })
    case 'about': return go({ view: 'about' })
  }
}
