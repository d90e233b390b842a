/**
 * CD and DVD images: the volume descriptors that begin at the sixteenth sector of 2 KiB.
 * ISO 9660 is ECMA-119, UDF is ECMA-167 (volume recognition sequence).
 */
import type { ImageBytes, ImageVerdict } from './image-verdict.ts'
import { refusal } from './image-verdict.ts'

const sectorBytes = 2048
const firstDescriptor = 16
const mostDescriptors = 16
const primaryVolume = 1
/** Writers may leave out the padding of 150 sectors that they count as part of the volume. */
const omittablePaddingBytes = 150 * sectorBytes

/** The verdict on a CD or DVD image; undefined where the file is none. */
export async function readIso(bytes: ImageBytes): Promise<ImageVerdict | undefined> {
  const area = await bytes.read(firstDescriptor * sectorBytes, mostDescriptors * sectorBytes)
  let isIso = false
  for (let offset = 0; offset + sectorBytes <= area.length; offset += sectorBytes) {
    const identifier = area.toString('latin1', offset + 1, offset + 6)
    if (identifier === 'NSR02' || identifier === 'NSR03') isIso = true
    if (identifier !== 'CD001') continue
    isIso = true
    if (area.readUInt8(offset) !== primaryVolume) continue
    const volumeBytes = area.readUInt32LE(offset + 80) * area.readUInt16LE(offset + 128)
    if (volumeBytes - omittablePaddingBytes > bytes.sizeBytes) {
      return verdict(volumeBytes, [refusal('truncated', 'The CD image is shorter than it says: the download or the copy is not complete.')])
    }
  }
  return isIso ? verdict(bytes.sizeBytes, []) : undefined
}

function verdict(virtualSizeBytes: number, refusals: ImageVerdict['refusals']): ImageVerdict {
  return { kind: 'iso', virtualSizeBytes, refusals }
}
