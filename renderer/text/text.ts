/**
 * The words of the window, all of them, in one place. Another language is another object of the
 * same type, chosen here; the compiler then names every text it lacks.
 */
import { english } from './english.ts'

export type Texts = typeof english

export const text: Texts = english
