/** When a change applies. Said before it is made. */
interface WhenProps {
  readonly later: boolean
  readonly words?: { readonly now: string; readonly later: string }
}

export function When({ later, words = { now: 'now', later: 'at next start' } }: WhenProps): React.ReactNode {
  return <span className={later ? 'mf-when mf-when-later' : 'mf-when'}>{later ? words.later : words.now}</span>
}
