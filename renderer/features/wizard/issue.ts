/** Something in a draft that keeps a machine from being made. */
import type { Draft } from './draft.ts'

export interface Issue {
  /** `name` of the field that has it. */
  readonly field: string
  readonly step: Draft['step']
  /** What the field is called in one word. */
  readonly called: string
  readonly message: string
  /** Puts it right. */
  readonly remedy?: { readonly word: string; readonly change: Partial<Draft> }
}
