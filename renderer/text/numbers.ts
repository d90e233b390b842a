/** Numbers and amounts as the language of the texts writes them: plural forms and separators are Intl's, never ours. */
import { locale } from './locale.ts'

const rules = new Intl.PluralRules(locale)
const formats = new Map<number, Intl.NumberFormat>()

/** The forms of a noun, by the language's own categories; `other` is the one every language has. */
export type PluralForms = Readonly<Partial<Record<Exclude<Intl.LDMLPluralRule, 'other'>, string>>> & { readonly other: string }

/** `1 machine`, `3 machines`, `1,200 lines`. */
export function count(amount: number, forms: PluralForms): string {
  return `${formatNumber(amount)} ${forms[rules.select(amount)] ?? forms.other}`
}

/** At most `digits` after the point, none of them a closing zero. */
export function formatNumber(value: number, digits = 0): string {
  let format = formats.get(digits)
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, { maximumFractionDigits: digits })
    formats.set(digits, format)
  }
  return format.format(value)
}

/** The same for a language with two forms, one of them for exactly one. */
export function plural(amount: number, one: string, many: string): string {
  return count(amount, { one, other: many })
}
