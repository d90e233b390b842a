/**
 * The words of what stands around the pages, all of them, in one place: menu, tray, dialogs and
 * notifications of the desktop app, and the page that lets a browser in. In the form of the window's
 * own (renderer/text): another language is another object of the same type, chosen here.
 */
import { english } from './english.ts'

type Texts = typeof english

export const text: Texts = english
