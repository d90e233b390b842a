/** The images, and who uses them now: machines come and go without an event of the image. */
import { useEffect, useState } from 'react'
import type { Image } from '../../../contract/image.ts'
import { engine } from '../../state/connection.ts'
import { useMirror } from '../../state/mirror.ts'

export function useImages(): readonly Image[] {
  const images = useMirror(({ images }) => images)
  const machines = useMirror(({ phase, machines }) => (phase === 'live' ? machines.map(({ id, name }) => `${id} ${name}`).join('\n') : undefined))
  const [users, setUsers] = useState<ReadonlyMap<string, readonly string[]>>(new Map())
  useEffect(() => {
    if (machines === undefined) return
    const abort = new AbortController()
    // Where it is not told, what the last event said stays.
    engine.image.list({}, { signal: abort.signal }).then((list) => setUsers(new Map(list.map(({ id, usedBy }) => [id, usedBy]))), () => undefined)
    return () => abort.abort()
  }, [machines, images])
  return images.map((image) => ({ ...image, usedBy: [...(users.get(image.id) ?? image.usedBy)] }))
}
