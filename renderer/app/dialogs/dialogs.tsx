/** Whatever lies over the page just now. Each is loaded when it is first needed. */
import { lazy, Suspense, useEffect } from 'react'
import { useFocusBack } from '../../state/focus-back.ts'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay, useOverlay } from '../../state/overlay.ts'
import type { Overlay } from '../../state/overlay.ts'
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
  // What asks about a machine goes with it, and does not stand there unseen in the way of the keys.
  const isAboutNothing = useMirror(({ machines }) => overlay !== undefined && machinesOf(overlay)?.some((id) => machines.some((machine) => machine.id === id)) === false)
  useEffect(() => {
    if (isAboutNothing) closeOverlay()
  }, [isAboutNothing])
  useFocusBack(overlay !== undefined)
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

/** The machines it is about; undefined where it is about none. */
function machinesOf(overlay: Overlay): readonly string[] | undefined {
  switch (overlay.kind) {
    case 'ask': return overlay.machines
    case 'rename':
    case 'take-checkpoint':
    case 'checkpoint':
    case 'fork': return [overlay.machine]
    case 'make-template': return overlay.machine === undefined ? undefined : [overlay.machine]
    case 'palette':
    case 'shortcuts':
    case 'wizard': return undefined
  }
}
