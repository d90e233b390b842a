/** Which of the images is the tiny one. Pure. */
import type { Image } from '../../contract/image.ts'

/** The newest, where it was built more than once. */
export function findTiny(images: readonly Image[]): Image | undefined {
  return images.filter(({ kind, name, broken }) => kind === 'kernel' && broken === null && /^tiny( \d+)?$/.test(name)).toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0]
}
