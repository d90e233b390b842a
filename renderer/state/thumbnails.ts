/**
 * Small pictures of screens. Only of machines somebody looks at, one at a time, and not while the
 * page is hidden: each costs QEMU some work.
 */
import { useEffect } from 'react'
import { create } from 'zustand'
import { engine } from './connection.ts'
import { useMirror } from './mirror.ts'

const leastMs = 10_000
/** With many machines in sight each is pictured less often. */
const perMachineMs = 4000
/** Width of the pictures that are kept. */
const width = 320

interface Thumbnails {
  /** blob: URLs. The last picture stays after the machine went off, and goes with the machine. */
  readonly byMachine: Readonly<Record<string, string>>
}

export const useThumbnails = create<Thumbnails>(() => ({ byMachine: {} }))

const looked = new Map<string, number>()
const takenAt = new Map<string, number>()
let timer: ReturnType<typeof setTimeout> | undefined
let taking = false

/** A picture of this machine is wanted for as long as the caller is shown. */
export function useThumbnail(machine: string, wanted: boolean): string | undefined {
  useEffect(() => {
    if (!wanted) return
    looked.set(machine, (looked.get(machine) ?? 0) + 1)
    plan(300)
    return () => {
      const viewers = (looked.get(machine) ?? 1) - 1
      if (viewers > 0) looked.set(machine, viewers)
      else looked.delete(machine)
    }
  }, [machine, wanted])
  return useThumbnails(({ byMachine }) => byMachine[machine])
}

function plan(inMs: number): void {
  if (timer !== undefined || taking || looked.size === 0) return
  timer = setTimeout(() => {
    timer = undefined
    taking = true
    void takeDue().finally(() => {
      taking = false
      plan(1000)
    })
  }, inMs)
}

async function takeDue(): Promise<void> {
  if (document.hidden || useMirror.getState().phase !== 'live') return
  const now = Date.now()
  const due = [...looked.keys()].find((machine) => now - (takenAt.get(machine) ?? 0) >= Math.max(leastMs, looked.size * perMachineMs))
  if (due === undefined) return
  takenAt.set(due, now)
  try {
    const { base64 } = await engine.machine.screenshot({ machine: due })
    const picture = await shrink(base64)
    keep(due, picture)
  } catch {
    // A machine without a screen has no picture, and one that just ended keeps its last.
  }
}

function keep(machine: string, picture: string): void {
  const { byMachine } = useThumbnails.getState()
  const there = new Set<string>(useMirror.getState().machines.map(({ id }) => id))
  const next: Record<string, string> = { [machine]: picture }
  for (const [id, url] of Object.entries(byMachine)) {
    if (id !== machine && there.has(id)) next[id] = url
    // Whoever shows it shows the next one by then.
    else setTimeout(() => URL.revokeObjectURL(url), 1000)
  }
  useThumbnails.setState({ byMachine: next })
}

/** Everything that takes long, decoding, making small and encoding, happens beside the page. */
async function shrink(base64: string): Promise<string> {
  const image = new Image()
  image.src = `data:image/png;base64,${base64}`
  await image.decode()
  const small = await createImageBitmap(image, { resizeWidth: width, resizeHeight: Math.max(1, Math.round((width * image.naturalHeight) / Math.max(1, image.naturalWidth))), resizeQuality: 'high' })
  const canvas = new OffscreenCanvas(small.width, small.height)
  canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(small)
  return URL.createObjectURL(await canvas.convertToBlob({ type: 'image/png' }))
}
