/** Says something that happened elsewhere than where one looks. */
import { notifications } from '@mantine/notifications'
import type { ReactNode } from 'react'
import { text } from '../text/text.ts'

interface Toast {
  /** For hiding it. */
  readonly id?: string
  readonly title: string
  readonly message?: ReactNode
  /** Stays until it was seen to. */
  readonly stays?: boolean
  /** How long it is there otherwise. */
  readonly forMs?: number
  /** Where it leads. */
  readonly onClick?: () => void
}

const usualMs = 8000

export function showToast({ id, title, message, stays = false, forMs = usualMs, onClick }: Toast): void {
  notifications.show({ ...(id === undefined ? {} : { id }), closeButtonProps: { 'aria-label': text.error.dismiss }, title, message, ...(onClick === undefined ? {} : { onClick }), autoClose: stays ? false : forMs })
}

export function hideToast(id: string): void {
  notifications.hide(id)
}
