/** Says something that happened elsewhere than where one looks. */
import { notifications } from '@mantine/notifications'
import type { ReactNode } from 'react'

interface Toast {
  /** For hiding it. */
  readonly id?: string
  readonly title: string
  readonly message?: ReactNode
  /** Stays until it was seen to. */
  readonly stays?: boolean
  /** Where it leads. */
  readonly onClick?: () => void
}

export function showToast({ id, title, message, stays = false, onClick }: Toast): void {
  notifications.show({ ...(id === undefined ? {} : { id }), title, message, ...(onClick === undefined ? {} : { onClick }), autoClose: stays ? false : 8000 })
}

export function hideToast(id: string): void {
  notifications.hide(id)
}
