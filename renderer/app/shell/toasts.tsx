/** Where what happened elsewhere is said: in a corner, and away from the buttons of a dialog, which stand there. */
import { Notifications } from '@mantine/notifications'
import { useOverlay } from '../../state/overlay.ts'

export function Toasts(): React.ReactNode {
  const isCovered = useOverlay(({ overlay }) => overlay !== undefined)
  return <Notifications position={isCovered ? 'top-center' : 'bottom-right'} limit={4} />
}
