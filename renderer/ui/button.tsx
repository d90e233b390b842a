/**
 * Buttons. One that cannot be pressed now keeps its place, can be reached with the keyboard and
 * says why; so `disabled` is never used.
 */
import { Tooltip } from '@mantine/core'
import type { LucideIcon } from 'lucide-react'

export interface ButtonLook {
  readonly look?: 'default' | 'quiet' | 'filled'
  readonly size?: 'small' | 'normal' | 'large'
  readonly danger?: boolean
}

interface ButtonProps extends ButtonLook, Omit<React.ComponentPropsWithRef<'button'>, 'disabled' | 'aria-disabled'> {
  readonly icon?: LucideIcon
  /** Why it cannot be pressed now. */
  readonly cannot?: string | undefined
  readonly tooltip?: string | undefined
}

export function Button({ icon: Icon, cannot, tooltip, look, size, danger, className, children, onClick, ...rest }: ButtonProps): React.ReactNode {
  const hint = cannot ?? tooltip
  const button = (
    <button
      type="button"
      {...rest}
      className={buttonClass({ look, size, danger }, className)}
      aria-disabled={cannot === undefined ? undefined : true}
      onClick={(event) => {
        if (cannot === undefined) onClick?.(event)
        else event.preventDefault()
      }}
    >
      {Icon === undefined ? null : <Icon className="mf-icon" size={size === 'small' ? 14 : 16} strokeWidth={1.75} aria-hidden />}
      {children}
    </button>
  )
  return hint === undefined ? button : <Tooltip label={hint}>{button}</Tooltip>
}

/** A button that is an icon: its name is its tooltip too. */
export function IconButton({ name, cannot, look = 'quiet', className, ...rest }: Omit<ButtonProps, 'children' | 'tooltip'> & { readonly name: string; readonly icon: LucideIcon }): React.ReactNode {
  return <Button {...rest} look={look} cannot={cannot} tooltip={name} aria-label={name} className={`mf-btn-square ${className ?? ''}`} />
}

type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined }

function buttonClass({ look = 'default', size = 'normal', danger = false }: Maybe<ButtonLook>, more = ''): string {
  return `mf-btn ${look === 'default' ? '' : `mf-btn-${look}`} ${size === 'normal' ? '' : `mf-btn-${size}`} ${danger ? 'mf-btn-danger' : ''} ${more}`
}
