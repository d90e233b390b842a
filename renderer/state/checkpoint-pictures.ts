/**
 * The screens as they were at checkpoints. A picture never changes, so each is fetched once; only
 * those somebody sees are fetched, a few at a time, and the oldest are forgotten.
 */
import { useEffect } from 'react'
import { create } from 'zustand'
import { engine } from './connection.ts'

const atOnce = 3
const keptAtMost = 400

/** data: URLs; empty where there is none to be had. */
const usePictures = create<{ readonly byCheckpoint: ReadonlyMap<string, string> }>(() => ({ byCheckpoint: new Map() }))

interface Wanted {
  readonly machine: string
  readonly checkpoint: string
}

/** Those that are in sight and not there yet, in the order they came. */
const waiting = new Map<string, Wanted>()
let underWay = 0

export function useCheckpointPicture(machine: string, checkpoint: string, hasThumbnail: boolean): string | undefined {
  useEffect(() => {
    if (!hasThumbnail || usePictures.getState().byCheckpoint.has(checkpoint)) return
    waiting.set(checkpoint, { machine, checkpoint })
    next()
    return () => {
      waiting.delete(checkpoint)
    }
  }, [machine, checkpoint, hasThumbnail])
  const picture = usePictures(({ byCheckpoint }) => byCheckpoint.get(checkpoint))
  return picture === '' ? undefined : picture
}

function next(): void {
  if (underWay >= atOnce) return
  const [wanted] = waiting.values()
  if (wanted === undefined) return
  waiting.delete(wanted.checkpoint)
  underWay++
  void fetchOne(wanted).finally(() => {
    underWay--
    next()
  })
}

async function fetchOne(wanted: Wanted): Promise<void> {
  let picture = ''
  try {
    const { mediaType, base64 } = await engine.checkpoint.thumbnail(wanted)
    picture = `data:${mediaType};base64,${base64}`
  } catch {
    // Without its picture a checkpoint is as good.
  }
  usePictures.setState(({ byCheckpoint }) => ({ byCheckpoint: new Map([...byCheckpoint, [wanted.checkpoint, picture] as const].slice(-keptAtMost)) }))
}
