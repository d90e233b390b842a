/**
 * Keys a window or its system would keep for itself, sent by name; own combinations, and which
 * keyboard the guest is set to, are kept with the machine. The clipboard is switched here, too.
 */
import { Menu, Modal } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'
import { useState } from 'react'
import { recall, remember } from '../../state/memory.ts'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/text-field.tsx'
import { parseCombination } from './keys.ts'
import { layoutNames } from '../../state/layouts.ts'
import type { Key, LayoutName } from '../../state/layouts.ts'

const usual = ['Ctrl+Alt+Del', 'Ctrl+Alt+Backspace', 'Alt+Tab', 'Alt+F4', 'Super', 'Print', 'Ctrl+Alt+F1', 'Ctrl+Alt+F2', 'Ctrl+Alt+F7']
const ownAtMost = 12

function isCombinations(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && parseCombination(entry, 'us') !== undefined)
}

interface KeyMenuProps {
  readonly machine: string
  readonly icon: LucideIcon
  readonly cannot: string | undefined
  readonly onKeys: (keys: readonly Key[]) => void
  readonly layout: LayoutName
  readonly onLayout: (layout: LayoutName) => void
  /** Undefined as long as it is not known. */
  readonly clipboard: boolean | undefined
  readonly onClipboard: (shared: boolean) => void
}

export function KeyMenu({ machine, icon, cannot, onKeys, layout, onLayout, clipboard, onClipboard }: KeyMenuProps): React.ReactNode {
  const [own, setOwn] = useState(() => recall(`keys.${machine}`, isCombinations, []))
  const [asking, setAsking] = useState(false)
  const [draft, setDraft] = useState('')
  const [error, setError] = useState<string>()

  function send(combination: string): void {
    const keys = parseCombination(combination, layout)
    if (keys !== undefined) onKeys(keys)
  }
  function add(event: React.FormEvent): void {
    event.preventDefault()
    if (parseCombination(draft, layout) === undefined) return setError(text.screen.badKeys)
    const next = [draft.trim(), ...own.filter((one) => one !== draft.trim())].slice(0, ownAtMost)
    setOwn(next)
    remember(`keys.${machine}`, next)
    setAsking(false)
    send(draft)
    setDraft('')
  }

  return (
    <>
      <Menu>
        <Menu.Target><Button size="small" look="quiet" icon={icon} cannot={cannot} aria-label={text.screen.keys}><span className="mf-wide-only">{text.screen.keys}</span></Button></Menu.Target>
        <Menu.Dropdown>
          {usual.map((combination) => <Menu.Item key={combination} disabled={cannot !== undefined} onClick={() => send(combination)}>{combination}</Menu.Item>)}
          {own.length === 0 ? null : <><Menu.Divider /><Menu.Label>{text.screen.ownKeys}</Menu.Label>{own.map((combination) => <Menu.Item key={combination} disabled={cannot !== undefined} onClick={() => send(combination)}>{combination}</Menu.Item>)}</>}
          <Menu.Divider />
          <Menu.Item disabled={cannot !== undefined} onClick={() => setAsking(true)}>{text.screen.otherKeys}</Menu.Item>
          <Menu.Divider />
          <Menu.Sub>
            <Menu.Sub.Target><Menu.Sub.Item>{text.screen.layoutIs(text.screen.layouts[layout])}</Menu.Sub.Item></Menu.Sub.Target>
            <Menu.Sub.Dropdown>{layoutNames.map((name) => <Menu.RadioItem key={name} value={name} checked={layout === name} closeMenuOnClick onChange={() => onLayout(name)}>{text.screen.layouts[name]}</Menu.RadioItem>)}</Menu.Sub.Dropdown>
          </Menu.Sub>
          {clipboard === undefined ? null : <Menu.CheckboxItem checked={clipboard} closeMenuOnClick onChange={onClipboard}>{text.screen.shareClipboard}</Menu.CheckboxItem>}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asking} onClose={() => setAsking(false)} title={text.screen.otherKeysTitle} closeButtonProps={{ 'aria-label': text.close }} size={400}>
        <form onSubmit={add}>
          <TextField label={text.screen.combination} placeholder="ctrl+alt+f3" value={draft} error={error} data-autofocus onChange={(value) => {
            setDraft(value)
            setError(undefined)
          }} />
          <div className="ask-foot"><Button onClick={() => setAsking(false)}>{text.cancel}</Button><Button look="filled" type="submit">{text.screen.sendKeys}</Button></div>
        </form>
      </Modal>
    </>
  )
}
