/** What a file that somebody wants to add is. Nothing in its header may make us open another file. */
import { MayflyError } from '../../contract/errors.ts'

export interface InspectedImage {
  readonly format: 'qcow2' | 'raw' | 'iso9660'
  /** Bytes a guest would see. */
  readonly virtualBytes: number
}

/** Reads a file's header. Throws `unsupported` for anything but a sound, self-contained image. */
export function inspectImage(path: string): Promise<InspectedImage> {
  return Promise.reject(new MayflyError('unsupported', `${path} cannot be looked into yet.`, { needs: 'a header reader', have: 'none' }))
}
