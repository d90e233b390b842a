/** Whatever lies over the page just now. Each is loaded when it is first needed. */
import { lazy, Suspense } from 'react'
import { useOverlay } from '../../state/overlay.ts'
import { AskDialog } from './ask-dialog.tsx'
import { RenameDialog } from './rename-dialog.tsx'
import { ShortcutsSheet } from './shortcuts-sheet.tsx'

const Wizard = lazy(async () => ({ default: (await import('../../features/wizard/wizard.tsx')).Wizard }))
const Palette = lazy(async () => ({ default: (await import('../../features/palette/palette.tsx')).Palette }))

export function Dialogs(): React.ReactNode {
  const overlay = useOverlay(({ overlay }) => overlay)
  switch (overlay?.kind) {
    case undefined: return null
    case 'ask': return <AskDialog verb={overlay.verb} machines={overlay.machines} />
    case 'rename': return <RenameDialog machine={overlay.machine} />
    case 'shortcuts': return <ShortcutsSheet />
    case 'palette': return <Suspense><Palette /></Suspense>
    case 'wizard': return <Suspense><Wizard image={overlay.image} /></Suspense>
  }
}
