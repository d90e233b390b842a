/**
 * What a page of ours may do, the same in the window and in a browser. Nothing inline runs and
 * nothing is evaluated. Style sheets made at run time (the component library's, the terminal's)
 * carry a nonce that is new with every page; scripts get none.
 */
import { randomBytes } from 'node:crypto'

/** Stands in the built page where the nonce belongs (Vite's `html.cspNonce`). */
export const noncePlaceholder = '__MAYFLY_NONCE__'

export function newNonce(): string {
  return randomBytes(18).toString('base64')
}

/** `connect`: where the page may connect to besides its own origin. */
export function contentSecurityPolicy(options: { readonly nonce: string; readonly connect?: readonly string[] }): string {
  const directives: Readonly<Record<string, readonly string[]>> = {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", `'nonce-${options.nonce}'`],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'media-src': ["'self'", 'blob:'],
    'worker-src': ["'self'"],
    'connect-src': ["'self'", ...(options.connect ?? [])],
    'manifest-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-src': ["'none'"],
    'frame-ancestors': ["'none'"],
  }
  return Object.entries(directives).map(([name, sources]) => `${name} ${sources.join(' ')}`).join('; ')
}

/** Headers that say the same of every answer, page or not. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=(), payment=(), display-capture=(), fullscreen=(self), clipboard-read=(self), clipboard-write=(self), keyboard-map=(self)',
}
