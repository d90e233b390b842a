/** noVNC as we have it, served as it is, straight on a WebSocket of QEMU's: what our own screen console is held against. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { appFolder } from './bench-window.ts'

const viewer = (port: number): string => `<!doctype html><meta charset="utf-8"><title>direct</title>
<style>body { margin: 0 } #screen { width: 100vw; height: 100vh }</style><div id="screen"></div>
<script type="module">
import RFB from '/core/rfb.js'
const asked = new URLSearchParams(location.search)
const place = document.querySelector('#screen')
place.style.width = asked.get('width') + 'px'
place.style.height = asked.get('height') + 'px'
const rfb = new RFB(place, 'ws://127.0.0.1:${port}', { shared: true })
rfb.scaleViewport = true
rfb.addEventListener('connect', () => document.body.dataset.connected = 'yes')
</script>`

export interface DirectViewer {
  /** Shows the screen in so many pixels. */
  readonly address: (size: { readonly width: number; readonly height: number }) => string
  readonly close: () => Promise<void>
}

/** `port`: of QEMU's WebSocket. */
export async function serveDirectViewer(port: number): Promise<DirectViewer> {
  const folder = join(appFolder(), 'node_modules/@novnc/novnc')
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/') return response.setHeader('content-type', 'text/html').end(viewer(port))
    if (extname(pathname) !== '.js') return response.writeHead(404).end()
    readFile(join(folder, normalize(pathname))).then(
      (script) => response.setHeader('content-type', 'text/javascript').end(script),
      () => response.writeHead(404).end(),
    )
    return response
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: ({ width, height }) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/?width=${width}&height=${height}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
