/**
 * One clipboard for the guest and whoever looks at it, where the machine's owner has switched that
 * on. Text only, and only while this screen has the keyboard: a guest in the background neither
 * reads nor writes what is in the clipboard of the host.
 */
import { useEffect, useRef, useState } from 'react'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'

interface SharedClipboard {
  /** Undefined as long as it is not known. */
  readonly shared: boolean | undefined
  readonly share: (on: boolean) => void
  /** The guest's clipboard changed; null: to more than is taken. */
  readonly fromGuest: (content: string | null) => void
  /** The screen has got the keyboard: the guest gets what is in the clipboard. */
  readonly toGuest: () => void
}

/** `open`: there is a screen. `holds`: whether it has the keyboard now. `offer` hands a text to the guest. */
export function useSharedClipboard(machine: string, open: boolean, holds: () => boolean, offer: (content: string) => void): SharedClipboard {
  const [shared, setShared] = useState<boolean>()
  /** What both have: it is sent neither back nor twice. */
  const last = useRef<string>(undefined)

  useEffect(() => {
    if (!open) return
    const left = new AbortController()
    engine.machine.show({ machine }, { signal: left.signal }).then(({ config }) => setShared(config?.clipboard ?? false), () => undefined)
    return () => left.abort()
  }, [machine, open])

  async function give(): Promise<void> {
    try {
      const content = await navigator.clipboard.readText()
      if (content === '' || content === last.current) return
      last.current = content
      offer(content)
    } catch {
      // A browser may forbid it; then what is to be pasted is pasted by its button.
    }
  }
  async function take(content: string | null): Promise<void> {
    if (content === null) return showToast({ title: text.screen.clipboardTooLarge, message: text.screen.clipboardTooLargeMore })
    if (content === '' || content === last.current) return
    last.current = content
    try {
      await navigator.clipboard.writeText(content)
    } catch {
      showToast({ title: text.screen.clipboardNotTaken, message: text.screen.clipboardNotTakenMore })
    }
  }

  return {
    shared,
    share: (on) => {
      void engine.machine.set({ machine, clipboard: on }).then(
        ({ config }) => {
          setShared(config?.clipboard ?? on)
          if (on) showToast({ title: text.screen.clipboardShared, message: text.screen.clipboardSharedMore })
        },
        (error: unknown) => {
          const { message, next } = toMayflyError(error)
          showToast({ title: text.error.couldNot(text.screen.shareClipboard), message: `${message} ${next ?? ''}`, stays: true })
        },
      )
    },
    fromGuest: (content) => {
      if (shared === true && holds()) void take(content)
    },
    toGuest: () => {
      if (shared === true) void give()
    },
  }
}
