/** A name that is cut in the middle when there is no room: the ending tells forks apart. */

const endingCharacters = 8

export function MiddleClip({ text }: { readonly text: string }): React.ReactNode {
  const characters = Array.from(text)
  if (characters.length <= endingCharacters + 4) return <span className="mf-clip">{text}</span>
  const cut = characters.length - endingCharacters
  return (
    <span className="mf-middle" title={text}>
      <span className="mf-clip">{characters.slice(0, cut).join('')}</span>
      <span>{characters.slice(cut).join('')}</span>
    </span>
  )
}
