/** Copies a text and says that it did. */
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, IconButton } from './button.tsx'
import type { ButtonLook } from './button.tsx'

interface CopyButtonProps extends ButtonLook {
  readonly text: string
  /** What is copied, such as "Copy 127.0.0.1:2222". */
  readonly name: string
  readonly copiedWord: string
  /** Shows the word beside the icon. */
  readonly word?: string
}

export function CopyButton({ text, name, copiedWord, word, ...look }: CopyButtonProps): React.ReactNode {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 1500)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(() => setCopied(true), () => setCopied(false))
  }
  const icon = copied ? Check : Copy
  return (
    <>
      {word === undefined ? <IconButton {...look} icon={icon} name={copied ? copiedWord : name} onClick={copy} /> : <Button {...look} icon={icon} onClick={copy}>{copied ? copiedWord : word}</Button>}
      <span className="mf-hidden" role="status">{copied ? copiedWord : ''}</span>
    </>
  )
}
