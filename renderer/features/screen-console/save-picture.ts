/** Pictures and films go into files: by the window's own dialog, or as a browser saves them. */
import { desktopBridge } from '../../client/connect.ts'

export function pictureOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob === null ? reject(new Error('The picture could not be made.')) : resolve(blob)), 'image/png'))
}

export async function saveFile(content: Blob, suggestedName: string, title: string): Promise<void> {
  const name = suggestedName.replaceAll(/[/\\:*?"<>|]/g, '-')
  const desktop = desktopBridge()
  if (desktop !== undefined) {
    await desktop.saveFile({ title, suggestedName: name }, new Uint8Array(await content.arrayBuffer()))
    return
  }
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
