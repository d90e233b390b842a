/**
 * What the window's page and its main process agree on. The page reaches the engine by handing
 * over one end of a MessageChannel (`PortRequest`); all else it can ask is in `DesktopBridge`,
 * which the preload script puts at `window.mayflyDesktop`.
 */

import type { ErrorRecord } from '../errors.ts'

/** The origin of every page in a window. */
export const pageOrigin = 'app://mayfly'

/** Sent by the page to its own window with one port: the preload script passes it on. */
export interface PortRequest {
  readonly mayfly: 'port'
  /** The stream the port is for; absent: calls and events. */
  readonly ticket?: string
}

/** Something the menu, the tray, a notification or a link asks the page to do. */
export type DesktopCommand =
  | { readonly kind: 'show-machine'; readonly machine: string }
  | { readonly kind: 'new-machine' | 'add-image' | 'settings' | 'about' }

export interface FileQuestion {
  readonly title: string
  /** Such as `[{ name: 'Disk images', extensions: ['iso', 'qcow2'] }]`. */
  readonly filters?: readonly { readonly name: string; readonly extensions: readonly string[] }[]
  /** For saving. */
  readonly suggestedName?: string
}

export interface DesktopBridge {
  /** Where a file that was dropped or chosen lies; empty for one that lies nowhere. `file` is a `File`. */
  pathOf(file: unknown): string
  /** The file somebody chose; null where they did not. */
  askForFile(question: FileQuestion): Promise<string | null>
  /** Saves bytes where somebody says; where that is, or null. */
  saveFile(question: FileQuestion, bytes: Uint8Array): Promise<string | null>
  /** Shows a page in a window of its own, such as one machine's console. */
  openWindow(path: string): Promise<void>
  /** Takes the place of an engine that does not answer. Resolves to why it could not, or null. */
  takeOverEngine(): Promise<ErrorRecord | null>
  /** Calls the listener with each command. The first is kept until somebody listens. */
  onCommand(listener: (command: DesktopCommand) => void): void
}

/** Channels between preload and main. */
export const channels = {
  port: 'mayfly:port',
  askForFile: 'mayfly:ask-for-file',
  saveFile: 'mayfly:save-file',
  openWindow: 'mayfly:open-window',
  takeOverEngine: 'mayfly:take-over-engine',
  command: 'mayfly:command',
  ready: 'mayfly:ready',
} as const
