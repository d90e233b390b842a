/** One screen in a window of its own. */
import { ScreenConsole } from '../../features/screen-console/screen-console.tsx'
import { useMachine, useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'

export function ScreenWindow({ machine: id }: { readonly machine: string }): React.ReactNode {
  const machine = useMachine(id)
  const live = useMirror(({ phase }) => phase === 'live')
  if (machine === undefined) return <main className="app-main app-fence" aria-busy={!live}>{live ? <><h1 className="mf-h">{text.machine.gone}</h1><p>{text.machine.goneMore}</p></> : null}</main>
  return (
    <main className="app-main screen-window">
      <title>{machine.name}</title>
      <ScreenConsole machine={machine} alone leading={<b>{machine.name}</b>} />
    </main>
  )
}
