/** What the page holds goes into a file: by the window's own dialog, or as a browser saves it. */
import { desktopBridge } from '../client/connect.ts'
import { openStream } from './connection.ts'

/** Resolves to whether it was saved: in a browser that is the browser's affair, and yes. */
export async function saveFile(content: Blob, suggestedName: string, title: string): Promise<boolean> {
  const name = suggestedName.replaceAll(/[/\\:*?"<>|]/g, '-')
  const desktop = desktopBridge()
  if (desktop !== undefined) {
    return (await desktop.saveFile({ title, suggestedName: name }, new Uint8Array(await content.arrayBuffer()))) !== null
  }
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  return true
}

/** All bytes of a stream of the engine. Rejects with `MayflyError` where it breaks off. */
export async function readStream(ticket: string): Promise<Blob> {
  const link = await openStream(ticket)
  const parts: BlobPart[] = []
  try {
    for (let bytes = await link.read(); bytes !== null; bytes = await link.read()) parts.push(bytes.slice())
    link.end()
  } finally {
    link.close()
  }
  return new Blob(parts)
}
