/** Whatever lies over the page just now. Each is loaded when it is first needed. */
import { lazy, Suspense } from 'react'
import { useOverlay } from '../../state/overlay.ts'
import { AskDialog } from './ask-dialog.tsx'
import { RenameDialog } from './rename-dialog.tsx'
import { ShortcutsSheet } from './shortcuts-sheet.tsx'

const CheckpointDialogs = lazy(async () => ({ default: (await import('../../features/timeline/checkpoint-dialogs.tsx')).CheckpointDialogs }))
const ForkDialog = lazy(async () => ({ default: (await import('../../features/fork/fork-dialog.tsx')).ForkDialog }))
const MakeTemplateDialog = lazy(async () => ({ default: (await import('../../features/templates/make-dialog.tsx')).MakeTemplateDialog }))
const TakeDialog = lazy(async () => ({ default: (await import('../../features/timeline/take-dialog.tsx')).TakeDialog }))
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
    case 'take-checkpoint': return <Suspense><TakeDialog machine={overlay.machine} /></Suspense>
    case 'checkpoint': return <Suspense><CheckpointDialogs what={overlay.what} machine={overlay.machine} checkpoint={overlay.checkpoint} keepPresent={overlay.keepPresent ?? true} /></Suspense>
    case 'fork': return <Suspense><ForkDialog machine={overlay.machine} checkpoint={overlay.checkpoint} /></Suspense>
    case 'make-template': return <Suspense><MakeTemplateDialog name={overlay.name} machine={overlay.machine} /></Suspense>
    case 'wizard': return <Suspense><Wizard image={overlay.image} /></Suspense>
  }
}
