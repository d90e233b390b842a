/** What a file's header says it is, and every reason not to use it. */

export type ImageKind =
  | 'qcow2'
  | 'raw'
  /** A CD or DVD image: ISO 9660, or UDF alone. */
  | 'iso'
  /** Another program's disk format: recognised in order to say so. */
  | 'vmdk' | 'vdi' | 'vhdx' | 'vhd' | 'qcow' | 'qed' | 'parallels' | 'dmg' | 'luks'
  /** Something an image may be packed into. */
  | 'gzip' | 'xz' | 'zstd' | 'bzip2' | 'zip' | '7z' | 'tar'
  /** A page that a download delivered in place of the image. */
  | 'web-page'
  | 'unknown'

export type RefusalCode =
  | 'names-another-file'
  | 'encrypted'
  | 'truncated'
  | 'damaged'
  | 'unknown-feature'
  | 'foreign-format'
  | 'compressed'
  | 'not-an-image'
  | 'empty'

export interface Refusal {
  readonly code: RefusalCode
  /** For people: a whole sentence. */
  readonly sentence: string
}

export interface ImageVerdict {
  readonly kind: ImageKind
  /** What a guest would see; 0 where that is not known. */
  readonly virtualSizeBytes: number
  /** Empty: the file is a sound image that leads to no other file. */
  readonly refusals: readonly Refusal[]
}

/** Reads a part of the file; fewer bytes where it ends earlier. */
export interface ImageBytes {
  readonly sizeBytes: number
  read(offset: number, length: number): Promise<Buffer>
}

export function refusal(code: RefusalCode, sentence: string): Refusal {
  return { code, sentence }
}
