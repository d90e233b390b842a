/** Shows a place in a window of its own. */
import { desktopBridge } from '../client/connect.ts'
import { pathOf } from './place.ts'
import type { Place } from './place.ts'

export function popOut(place: Place): void {
  const desktop = desktopBridge()
  if (desktop === undefined) window.open(pathOf(place), '_blank', 'popup,width=1024,height=768')
  else void desktop.openWindow(pathOf(place))
}
