import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readMemory, visibleBounds, writeMemory } from './window-memory.ts'

test('what was written is read; what is torn or foreign is forgotten', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mayfly-window-'))
  const file = join(folder, 'config', 'window.json')
  expect(readMemory(file)).toEqual({})
  const memory = { bounds: { x: -10, y: 20, width: 900, height: 600 }, maximized: true, toldAboutClosing: true }
  writeMemory(file, memory)
  expect(readMemory(file)).toEqual(memory)
  for (const text of ['', '{', '[]', 'null', '{"format":"other","version":1,"maximized":true}', '{"format":"mayfly-window","version":2,"maximized":true}']) {
    writeFileSync(file, text)
    expect(readMemory(file)).toEqual({})
  }
  writeFileSync(file, '{"format":"mayfly-window","version":1,"bounds":{"x":0,"y":0,"width":1e9,"height":600}}')
  expect(readMemory(file)).toEqual({ maximized: false, toldAboutClosing: false })
  rmSync(folder, { recursive: true })
})

test('a window comes back only where it can be seen', () => {
  const display = { x: 0, y: 0, width: 1920, height: 1080 }
  const bounds = { x: 100, y: 100, width: 900, height: 600 }
  expect(visibleBounds(bounds, [display])).toEqual(bounds)
  for (const lost of [{ ...bounds, x: 3000 }, { ...bounds, x: -890 }, { ...bounds, y: 1070 }, { ...bounds, y: -5 }]) expect(visibleBounds(lost, [display])).toBeUndefined()
  expect(visibleBounds({ ...bounds, x: 3000 }, [display, { ...display, x: 1920 }])).toEqual({ ...bounds, x: 3000 })
})
