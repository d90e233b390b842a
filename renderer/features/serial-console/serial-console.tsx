/** A machine's serial port as a terminal. What the guest writes is hostile: it draws letters and nothing else. */
import { FitAddon } from '@xterm/addon-fit'
import { SearchAddon } from '@xterm/addon-search'
import { WebLinksAddon } from '@xterm/addon-web-links'
import { WebglAddon } from '@xterm/addon-webgl'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { AArrowDown, AArrowUp, ArrowDown, ArrowUp, Copy, Eye, Search, X } from 'lucide-react'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { copyText } from '../../state/copy-text.ts'
import { isOn } from '../../state/machine-looks.ts'
import { recall, remember } from '../../state/memory.ts'
import { text } from '../../text/text.ts'
import { IconButton } from '../../ui/button.tsx'
import { noncedDocument, withNonce } from './nonced-document.ts'
import { SerialSession } from './serial-session.ts'
import type { SerialPhase } from './serial-session.ts'
import { useViewers } from './use-viewers.ts'
import './serial-console.css'

const sizes = { least: 9, usual: 12, most: 24 } as const
const scrollbackLines = 20_000

function isSize(value: unknown): value is number {
  return typeof value === 'number' && value >= sizes.least && value <= sizes.most
}

interface Parts {
  readonly terminal: Terminal
  readonly search: SearchAddon
  readonly session: SerialSession
}

export function SerialConsole({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const parts = useRef<Parts>(undefined)
  const [phase, setPhase] = useState<SerialPhase>('connecting')
  const [size, setSize] = useState(() => recall('serial-size', isSize, sizes.usual))
  const [searching, setSearching] = useState(false)
  const [query, setQuery] = useState('')
  const on = isOn(machine.state)
  const { id } = machine
  const viewers = useViewers(id, phase === 'open')

  const make = useEffectEvent((element: HTMLElement): { parts: Parts; end: () => void } => {
    const terminal = new Terminal({
      documentOverride: noncedDocument(), allowProposedApi: true, convertEol: false, cursorBlink: false, fontSize: size, lineHeight: 1.35, scrollback: scrollbackLines, screenReaderMode: false,
      fontFamily: '"Adwaita Mono", "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", ui-monospace, monospace', theme: terminalTheme, linkHandler: { activate: (_event, uri) => openLink(uri) },
    })
    const fit = new FitAddon()
    const search = new SearchAddon()
    terminal.loadAddon(fit)
    terminal.loadAddon(search)
    terminal.loadAddon(new WebLinksAddon((_event, uri) => openLink(uri)))
    withNonce(() => terminal.open(element))
    drawWithGraphicsCard(terminal)
    terminal.textarea?.setAttribute('aria-label', text.serial.label(machine.name))
    terminal.textarea?.setAttribute('data-console-focus', '')
    terminal.attachCustomKeyEventHandler((event) => isForTerminal(event, terminal, () => setSearching(true)))
    const session = new SerialSession(id, terminal, setPhase)
    fit.fit()
    const resized = new ResizeObserver(() => fit.fit())
    resized.observe(element)
    return {
      parts: { terminal, search, session },
      end: () => {
        resized.disconnect()
        session.close()
        terminal.dispose()
      },
    }
  })
  useEffect(() => {
    if (place.current === null) return
    const made = make(place.current)
    parts.current = made.parts
    return () => {
      parts.current = undefined
      made.end()
    }
  }, [id])
  useEffect(() => parts.current?.session.follow(on), [id, on])
  useEffect(() => {
    if (parts.current !== undefined) parts.current.terminal.options.fontSize = size
    remember('serial-size', size)
    // The grid changes with the letters.
    window.dispatchEvent(new Event('resize'))
  }, [size])

  const find = (how: 'next' | 'before', words = query): void => {
    if (how === 'next') parts.current?.search.findNext(words, { incremental: words !== query })
    else parts.current?.search.findPrevious(words)
  }
  const closeSearch = (): void => {
    setSearching(false)
    parts.current?.search.clearDecorations()
    parts.current?.terminal.focus()
  }

  return (
    <section className="serial" aria-label={text.serial.label(machine.name)}>
      <div className="serial-head">
        <b>{text.serial.title}</b>
        <code>ttyS0</code>
        <span role="status">{text.serial.phase[phase]}</span>
        {viewers > 1 ? <span className="serial-viewers"><Eye size={14} strokeWidth={1.75} aria-hidden />{text.serial.viewers(viewers)}</span> : null}
        {searching ? (
          <span className="serial-find">
            <input autoFocus value={query} aria-label={text.serial.search} placeholder={text.serial.search} onChange={(event) => {
              setQuery(event.target.value)
              find('next', event.target.value)
            }} onKeyDown={(event) => {
              if (event.key === 'Enter') find(event.shiftKey ? 'before' : 'next')
              if (event.key === 'Escape') closeSearch()
            }} />
            <IconButton size="small" icon={ArrowUp} name={text.serial.before} onClick={() => find('before')} />
            <IconButton size="small" icon={ArrowDown} name={text.serial.next} onClick={() => find('next')} />
            <IconButton size="small" icon={X} name={text.close} onClick={closeSearch} />
          </span>
        ) : null}
        <span className="mf-push serial-tools">
          <IconButton size="small" icon={Search} name={text.serial.search} onClick={() => setSearching(true)} />
          <IconButton size="small" icon={AArrowDown} name={text.serial.smaller} cannot={size <= sizes.least ? text.serial.smallest : undefined} onClick={() => setSize(size - 1)} />
          <IconButton size="small" icon={AArrowUp} name={text.serial.larger} cannot={size >= sizes.most ? text.serial.largest : undefined} onClick={() => setSize(size + 1)} />
          <IconButton size="small" icon={Copy} name={text.serial.copyAll} onClick={() => void copyText(copied(parts.current?.terminal))} />
        </span>
      </div>
      <div ref={place} className="serial-term" data-keyboard-is-the-guests />
    </section>
  )
}

const terminalTheme = {
  background: '#101416', foreground: '#d3d9db', cursor: '#d3d9db', cursorAccent: '#101416', selectionBackground: '#2f6f80', black: '#1a1f22', brightBlack: '#8e999e', red: '#f3958c', brightRed: '#ffb3ab', green: '#7fd18b', brightGreen: '#a5e6ae',
  yellow: '#e3c06b', brightYellow: '#f2d88f', blue: '#84b6ea', brightBlue: '#aacff5', magenta: '#c9a7f0', brightMagenta: '#dcc4f7', cyan: '#6fcbdd', brightCyan: '#9fe0ec', white: '#d3d9db', brightWhite: '#ffffff',
}

/** What is marked, or all there is. */
function copied(terminal: Terminal | undefined): string {
  if (terminal === undefined) return ''
  if (terminal.hasSelection()) return terminal.getSelection()
  terminal.selectAll()
  const all = terminal.getSelection()
  terminal.clearSelection()
  return all.trimEnd()
}

/** The guest names the address: only web pages, in a window that cannot reach this one. */
function openLink(uri: string): void {
  if (/^https?:\/\//i.test(uri)) window.open(uri, '_blank', 'noopener,noreferrer')
}

/** Falls back to drawing with elements where the graphics card cannot, or is taken away. */
function drawWithGraphicsCard(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon()
    webgl.onContextLoss(() => webgl.dispose())
    terminal.loadAddon(webgl)
  } catch {
    // Then the terminal draws with elements, slower.
  }
}

/** Keys with Ctrl and Shift are the window's; all others are the guest's. */
function isForTerminal(event: KeyboardEvent, terminal: Terminal, search: () => void): boolean {
  if (!event.ctrlKey || !event.shiftKey || event.type !== 'keydown') return true
  switch (event.key.toLowerCase()) {
    case 'f':
      event.preventDefault()
      search()
      return false
    case 'c':
      event.preventDefault()
      if (terminal.hasSelection()) void copyText(terminal.getSelection())
      return false
    case 'v':
    case 'k': return false
    default: return true
  }
}
