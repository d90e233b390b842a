/** A machine's screen: watched, typed on, pictured, recorded; and what stands in its place while there is none. */
import { Menu } from '@mantine/core'
import { Camera, Circle, CircleDot, ClipboardPaste, Copy, Keyboard, Maximize, Minimize, PictureInPicture2, Scaling, Square } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { guestLayout, rememberGuestLayout } from '../../state/guest-layout.ts'
import type { LayoutName } from '../../state/layouts.ts'
import { isOn } from '../../state/machine-looks.ts'
import { recall, remember } from '../../state/memory.ts'
import { popOut } from '../../state/pop-out.ts'
import { saveFile } from '../../state/save-file.ts'
import { showToast } from '../../state/toast.ts'
import { useThumbnail } from '../../state/thumbnails.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FrameMeter } from './frame-meter.ts'
import type { FrameFigures } from './frame-meter.ts'
import { KeyMenu } from './key-menu.tsx'
import { pictureOf } from './save-picture.ts'
import { ScreenOver } from './screen-over.tsx'
import { ScreenSession } from './screen-session.ts'
import type { ScreenPhase } from './screen-session.ts'
import type { ScreenSize } from './sharp-viewer.ts'
import { useRecording } from './use-recording.tsx'
import { useSharedClipboard } from './use-shared-clipboard.ts'
import { useTyping } from './use-typing.tsx'
import { useWholeScreen } from './use-whole-screen.ts'
import './screen-console.css'

const sizes: readonly ScreenSize[] = ['fit', 'exact', 'follow']

function isSize(value: unknown): value is ScreenSize {
  return sizes.includes(value as ScreenSize)
}

interface ScreenConsoleProps {
  readonly machine: MachineSummary
  /** What stands at the beginning of the toolbar. */
  readonly leading?: React.ReactNode
  /** It is a window of its own already. */
  readonly alone?: boolean
}

export function ScreenConsole({ machine, leading, alone = false }: ScreenConsoleProps): React.ReactNode {
  const { id } = machine
  const whole = useRef<HTMLDivElement>(null)
  const place = useRef<HTMLDivElement>(null)
  const session = useRef<ScreenSession>(undefined)
  const [phase, setPhase] = useState<ScreenPhase>(isOn(machine.state) ? 'connecting' : 'off')
  const [pixels, setPixels] = useState<readonly [number, number]>()
  const [picture, setPicture] = useState<string>()
  const [size, setSize] = useState<ScreenSize>(() => recall('screen-size', isSize, 'fit'))
  const [layout, setLayout] = useState<LayoutName>(() => guestLayout(id))
  const [holding, setHolding] = useState(false)
  const [measuring, setMeasuring] = useState(false)
  const [figures, setFigures] = useState<FrameFigures>()
  const thumbnail = useThumbnail(id, false)
  const on = isOn(machine.state)
  const open = phase === 'open'
  const cannot = open ? undefined : text.screen.notNow(machine.name)

  const { recording, toggle: record } = useRecording(machine.name, open, () => session.current?.canvas)
  const { paste, shown: typing } = useTyping(() => session.current, layout)
  const { isWhole, leaveBy, saysHow, toggle: toggleWhole } = useWholeScreen()
  const clipboard = useSharedClipboard(id, open, () => document.hasFocus() && session.current?.canvas === document.activeElement, (content) => session.current?.offerClipboard(content))
  const copiedInGuest = useEffectEvent(clipboard.fromGuest)
  const windowFocused = useEffectEvent(() => {
    if (holding) clipboard.toGuest()
  })

  const make = useEffectEvent((element: HTMLElement) => {
    const made = new ScreenSession(id, element, { phase: setPhase, size: (width, height) => setPixels([width, height]), picture: setPicture, clipboard: (content) => copiedInGuest(content) })
    made.show(size)
    return made
  })
  useEffect(() => {
    if (place.current === null) return
    const made = make(place.current)
    session.current = made
    return () => {
      session.current = undefined
      made.close()
    }
  }, [id])
  useEffect(() => session.current?.follow(on), [id, on])
  useEffect(() => {
    const focused = (): void => windowFocused()
    window.addEventListener('focus', focused)
    return () => window.removeEventListener('focus', focused)
  }, [])
  useEffect(() => {
    session.current?.show(size)
    remember('screen-size', size)
  }, [size])

  useEffect(() => {
    const canvas = session.current?.canvas
    if (!measuring || !open || canvas === null || canvas === undefined) return
    const meter = new FrameMeter(canvas, setFigures)
    return () => {
      meter.stop()
      setFigures(undefined)
    }
  }, [measuring, open, id])

  // Ctrl and Alt, and nothing else between: the keyboard is the window's again.
  const leaving = useRef(false)
  function keyed(event: React.KeyboardEvent): void {
    if (event.type === 'keydown') {
      leaving.current = (event.key === 'Alt' && event.ctrlKey) || (event.key === 'Control' && event.altKey)
      return
    }
    if (!leaving.current || (event.key !== 'Alt' && event.key !== 'Control')) return
    leaving.current = false
    session.current?.leave()
    whole.current?.focus()
  }

  async function savePicture(how: 'file' | 'clipboard'): Promise<void> {
    const canvas = session.current?.canvas
    if (canvas === null || canvas === undefined) return
    try {
      const blob = await pictureOf(canvas)
      if (how === 'file') await saveFile(blob, `${machine.name}.png`, text.screen.savePicture)
      else await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })])
      if (how === 'clipboard') showToast({ title: text.screen.pictureCopied })
    } catch (error) {
      showToast({ title: text.error.couldNot(text.screen.savePicture), message: error instanceof Error ? error.message : '', stays: true })
    }
  }

  return (
    <section ref={whole} className={isWhole ? 'screen screen-whole' : 'screen'} aria-label={text.screen.label(machine.name)} tabIndex={-1}>
      <div className="tool">
        {leading}
        <span className="mf-sm mf-3 mf-clip screen-facts" role="status">{holding ? (isWhole ? text.screen.holdingWhole[leaveBy] : text.screen.holding) : pixels === undefined || !open ? '' : text.screen.pixels(pixels[0], pixels[1], text.screen.sizes[size])}</span>
        <span className="mf-push screen-tools">
          <Menu>
            <Menu.Target><Button size="small" look="quiet" icon={Scaling} aria-label={text.screen.sizeIs(text.screen.sizeNames[size])}><span className="mf-wide-only">{text.screen.sizeNames[size]}</span></Button></Menu.Target>
            <Menu.Dropdown>{sizes.map((value) => <Menu.RadioItem key={value} value={value} checked={size === value} closeMenuOnClick onChange={() => setSize(value)}>{text.screen.sizeChoices[value]}</Menu.RadioItem>)}<Menu.Divider /><Menu.CheckboxItem checked={measuring} closeMenuOnClick onChange={setMeasuring}>{text.screen.measure}</Menu.CheckboxItem></Menu.Dropdown>
          </Menu>
          <KeyMenu machine={id} cannot={cannot} icon={Keyboard} layout={layout} onLayout={(next) => {
            setLayout(next)
            rememberGuestLayout(id, next)
          }} clipboard={clipboard.shared} onClipboard={clipboard.share} onKeys={(keys) => {
            session.current?.press(keys)
            session.current?.focus()
          }} />
          <Button size="small" look="quiet" icon={ClipboardPaste} cannot={cannot} aria-label={text.screen.paste} tooltip={text.screen.pasteMore(text.screen.layouts[layout])} onClick={() => void paste()}><span className="mf-wide-only">{text.screen.paste}</span></Button>
          <Menu>
            <Menu.Target><IconButton size="small" icon={Camera} name={text.screen.picture} cannot={cannot} /></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<Camera size={16} aria-hidden />} disabled={!open} onClick={() => void savePicture('file')}>{text.screen.savePicture}</Menu.Item>
              <Menu.Item leftSection={<Copy size={16} aria-hidden />} disabled={!open} onClick={() => void savePicture('clipboard')}>{text.screen.copyPicture}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
          <IconButton size="small" icon={recording ? Square : CircleDot} name={recording ? text.screen.stopRecording : text.screen.record} aria-pressed={recording} cannot={recording ? undefined : cannot} onClick={record} />
          {alone ? null : <IconButton size="small" icon={PictureInPicture2} name={text.screen.popOut} onClick={() => popOut({ view: 'screen', machine: id })} />}
          <IconButton size="small" icon={isWhole ? Minimize : Maximize} name={isWhole ? text.screen.leaveWhole : text.screen.fullScreen} aria-pressed={isWhole} onClick={toggleWhole} />
        </span>
      </div>
      <div
        className={`screen-place screen-${size}`}
        data-keyboard-is-the-guests
        onFocus={({ target }) => {
          const holds = target instanceof HTMLCanvasElement
          setHolding(holds)
          if (holds) clipboard.toGuest()
        }}
        onBlur={() => {
          setHolding(false)
          session.current?.release()
        }}
        onKeyDownCapture={keyed}
        onKeyUpCapture={keyed}
      >
        <div ref={place} className="screen-guest" />
        <ScreenOver machine={machine} phase={phase} picture={picture ?? thumbnail} alone={alone} />
        {saysHow ? <p className="screen-leave" role="status">{text.screen.leaveBy[leaveBy]}</p> : null}
        {figures === undefined ? null : <span className="screen-figures">{text.screen.figures(figures.framesPerSecond, figures.keyToPictureMs)}</span>}
        {recording ? <span className="screen-recording"><Circle size={10} fill="currentColor" aria-hidden />{text.screen.recording}</span> : null}
      </div>
      {typing}
    </section>
  )
}
