/** Which characters of a name are left when there is no room for all. Pure; `fits` measures. */

/** Of what is kept, so much is ending: endings tell forks and versions apart. */
const endingShare = 0.62

/** The name itself where it fits; else its beginning, an ellipsis and its ending, as much of both as fits. */
export function cutMiddle(text: string, fits: (candidate: string) => boolean): string {
  if (fits(text)) return text
  const characters = Array.from(text)
  const keeping = (kept: number): string => {
    const ending = Math.min(kept, Math.ceil(kept * endingShare))
    return `${characters.slice(0, kept - ending).join('').trimEnd()}…${characters.slice(characters.length - ending).join('').trimStart()}`
  }
  // Kept characters that fit; 2 are shown even where nothing does.
  let [fitting, tooMany] = [2, characters.length]
  while (tooMany - fitting > 1) {
    const tried = Math.floor((fitting + tooMany) / 2)
    if (fits(keeping(tried))) fitting = tried
    else tooMany = tried
  }
  return keeping(fitting)
}
