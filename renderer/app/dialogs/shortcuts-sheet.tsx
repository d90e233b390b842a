/** The keys, all of them. */
import { Modal } from '@mantine/core'
import { keys } from '../../state/keys.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { machineTabs } from '../../state/place.ts'
import { text } from '../../text/text.ts'

export function ShortcutsSheet(): React.ReactNode {
  return (
    <Modal opened onClose={closeOverlay} title={text.shortcuts.title} closeButtonProps={{ 'aria-label': text.close }} size={640}>
      <div className="keys">
        {text.shortcuts.groups(keys.newMachine.shown, `${keys.tabs} 1…${machineTabs.length}`).map(({ title, keys: listed }) => (
          <section key={title}>
            <h3 className="mf-h">{title}</h3>
            <dl className="keys-list">
              {listed.map(([key, what]) => <div key={key}><dt>{key.split(' ').map((part) => <kbd key={part} className="mf-kbd">{part}</kbd>)}</dt><dd>{what}</dd></div>)}
            </dl>
          </section>
        ))}
      </div>
    </Modal>
  )
}
