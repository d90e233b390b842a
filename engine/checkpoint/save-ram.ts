/**
 * Putting a frozen machine's RAM on disk while its guest runs again. A pile in memory is known by its
 * topmost layer, whatever it is on disk: where a checkpoint ends in the same layer, what that one
 * has on disk is what the new one stands on, and only what came since is written. So it is with the checkpoints of
 * the machines this one was forked from: their layers are linked into its folder.
 */
import { isMayflyError } from '../../contract/errors.ts'
import type { Frozen } from '../machine/freeze.ts'
import type { OpenRamLayer } from '../qemu/process/ram-layer.ts'
import { describeWriteFailure, syncPath } from '../storage/atomic-file.ts'
import type { MachineFolderNames } from '../storage/names.ts'
import type { RamOwner } from './ram-kin.ts'
import { checkRamLayer, closeRamLayers, openRamLayers, shareRamLayers, writeRamLayer } from './ram-layers.ts'
import { writeStateFile } from './state-file.ts'

/** A pile on disk that would be higher becomes the lowest layer and one with all the rest. Each layer costs a restore mappings and open files. */
const highestPile = 16

export interface SaveRamRequest {
  readonly names: MachineFolderNames
  readonly frozen: Pick<Frozen, 'state' | 'ram'>
  /** Where the state of the devices goes. */
  readonly stateFile: string
  readonly ramBytes: number
  /** Whose RAM on disk it may stand on: the machine's own first. */
  readonly owners: readonly RamOwner[]
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (done: { readonly bytes: number; readonly ofBytes: number }) => void
}

/** Writes what is not on disk yet; answers with the pile on disk, lowest first, empty where RAM is in the state. Throws `no-space`, `cancelled`. */
export async function saveRam(request: SaveRamRequest): Promise<string[]> {
  const { frozen, stateFile } = request
  if (frozen.state instanceof Uint8Array) await writeStateFile(stateFile, frozen.state)
  // A stream that QEMU wrote, with all of the RAM.
  else if (frozen.state !== null) await putOnDisk(frozen.state.file)
  const top = frozen.ram.at(-1)
  return top === undefined ? [] : writePile(request, frozen.ram, top)
}

async function putOnDisk(file: string): Promise<void> {
  await syncPath(file).catch(async (error: unknown) => {
    throw await describeWriteFailure(file, error)
  })
}

async function writePile({ names, ramBytes, owners, signal, onProgress }: SaveRamRequest, pile: readonly OpenRamLayer[], top: OpenRamLayer): Promise<string[]> {
  const stood = await findStanding(names, ramBytes, pile, owners)
  // Nothing new: the very same moment is on disk already.
  if (stood.height === pile.length) return [...stood.stack]
  const isHigh = stood.stack.length >= highestPile
  const lowest = stood.stack[0]
  const stack = isHigh && lowest !== undefined && lowest === pile[0]?.id ? [lowest] : [...stood.stack]
  const layers = isHigh ? pile.slice(stack.length) : pile.slice(stood.height)
  const beneath = await openRamLayers(names.ram, stack, ramBytes)
  try {
    await writeRamLayer({ folder: names.ram, id: top.id, ramBytes, layers, beneath, ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) })
  } finally {
    closeRamLayers(beneath)
  }
  return [...stack, top.id]
}

interface Standing {
  /** How many layers of the pile in memory are on disk. */
  readonly height: number
  /** As what. */
  readonly stack: readonly string[]
}

async function findStanding(names: MachineFolderNames, ramBytes: number, pile: readonly OpenRamLayer[], owners: readonly RamOwner[]): Promise<Standing> {
  for (let height = pile.length; height > 0; height--) {
    const id = pile[height - 1]?.id ?? ''
    for (const owner of owners) {
      const stacks = owner.checkpoints.flatMap(({ ram }) => (ram?.layers.includes(id) === true ? [ram.layers.slice(0, ram.layers.indexOf(id) + 1)] : []))
      for (const stack of stacks) if (await isHad(names, ramBytes, owner, stack)) return { height, stack }
    }
  }
  return { height: 0, stack: [] }
}

/** Whether the machine has these layers whole, after they were linked where they are another's. What was linked for nothing is garbage. */
async function isHad(names: MachineFolderNames, ramBytes: number, owner: RamOwner, stack: readonly string[]): Promise<boolean> {
  if (!(await isWhole(owner.names, ramBytes, stack))) return false
  if (owner.names.ram === names.ram) return true
  try {
    await shareRamLayers(owner.names.ram, names.ram, stack)
  } catch (error) {
    if (isMayflyError(error)) throw error
    // Its owner has just deleted it.
    return false
  }
  return isWhole(names, ramBytes, stack)
}

async function isWhole(names: MachineFolderNames, ramBytes: number, stack: readonly string[]): Promise<boolean> {
  try {
    for (const id of stack) await checkRamLayer(names.ram, id, ramBytes)
    return true
  } catch {
    return false
  }
}
