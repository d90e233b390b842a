/**
 * The console on the whole screen. There the guest gets every key, also those the desktop and the
 * window keep for themselves (Alt Tab, Super, Esc), where the browser can lock the keyboard:
 * https://developer.mozilla.org/docs/Web/API/Keyboard/lock. Then Esc leaves by being held.
 */
import { useEffect, useRef, useState } from 'react'

interface LockableKeyboard {
  lock(): Promise<void>
  unlock(): void
}

const saidForMs = 6000

interface WholeScreen {
  readonly isWhole: boolean
  /** How one leaves, while that is to be said. */
  readonly leaveBy: 'hold' | 'press'
  readonly saysHow: boolean
  readonly toggle: () => void
}

export function useWholeScreen(): WholeScreen {
  const [isWhole, setWhole] = useState(false)
  const [leaveBy, setLeaveBy] = useState<WholeScreen['leaveBy']>('press')
  const [saysHow, setSaysHow] = useState(false)
  /** This console has asked for it, and no other part of the page. */
  const asked = useRef(false)

  useEffect(() => {
    const changed = (): void => {
      const now = asked.current && document.fullscreenElement !== null
      if (!now) {
        asked.current = false
        keyboard()?.unlock()
      }
      setWhole(now)
      setSaysHow(now)
    }
    document.addEventListener('fullscreenchange', changed)
    return () => {
      document.removeEventListener('fullscreenchange', changed)
      if (!asked.current) return
      keyboard()?.unlock()
      if (document.fullscreenElement !== null) void document.exitFullscreen().catch(() => undefined)
    }
  }, [])
  useEffect(() => {
    if (!saysHow) return
    const timer = setTimeout(() => setSaysHow(false), saidForMs)
    return () => clearTimeout(timer)
  }, [saysHow])

  async function enter(): Promise<void> {
    asked.current = true
    // The page and not the console alone: menus, dialogs and what is said stand beside it in the page.
    await document.documentElement.requestFullscreen()
    const lock = keyboard()
    setLeaveBy(lock !== undefined && (await lock.lock().then(() => true, () => false)) ? 'hold' : 'press')
  }
  const toggle = (): void => {
    if (document.fullscreenElement !== null) void document.exitFullscreen()
    else enter().catch(() => (asked.current = false))
  }
  return { isWhole, leaveBy, saysHow, toggle }
}

/** Not in every browser, and not in TypeScript's. */
function keyboard(): LockableKeyboard | undefined {
  return (navigator as { readonly keyboard?: LockableKeyboard }).keyboard
}
