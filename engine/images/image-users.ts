/**
 * Tells which images have other users than before whenever machines come, go, change their name or
 * take another disc: who shows images shows their users, and would otherwise show old ones.
 */
import type { MachineId } from '../../contract/ids.ts'

export interface ImageUser {
  readonly name: string
  /** Ids of the images it uses. */
  readonly images: readonly string[]
}

export class ImageUsers {
  readonly #known = new Map<MachineId, ImageUser>()

  /** What a machine uses now; null: it is gone. Answers with the images whose users are others now. */
  note(machine: MachineId, now: ImageUser | null): string[] {
    const before = this.#known.get(machine)
    if (now === null) this.#known.delete(machine)
    else this.#known.set(machine, now)
    const isSame = before?.name === now?.name && before?.images.join() === now?.images.join()
    return isSame ? [] : [...new Set([...(before?.images ?? []), ...(now?.images ?? [])])]
  }
}
