/**
 * The keyboard goes back to where it was when what lay over the page goes: whoever walks a list
 * walks on. The library does so only for what stays mounted while it is closed.
 */
import { useEffect } from 'react'

const over = '[role=dialog], [role=menu]'
let before: Element | null = null

/** Before something is laid over the page. What lies over it itself is not where one comes back to. */
export function keepFocus(): void {
  if (document.activeElement?.closest(over) == null) before = document.activeElement
}

/** Gives it back once `isOver` no longer holds, unless it has gone somewhere else meanwhile. */
export function useFocusBack(isOver: boolean): void {
  useEffect(() => {
    if (!isOver) return
    return () => {
      const isFree = document.activeElement === null || document.activeElement === document.body
      if (isFree && document.querySelector(over) === null && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [isOver])
}
