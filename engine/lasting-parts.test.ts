import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forgetAppImage, lastingFolder, lastingProgram } from './lasting-parts.ts'

let root: string
let env: NodeJS.ProcessEnv

beforeEach(() => {
  root = mkdtempSync(join(realpathSync(tmpdir()), 'mayfly-parts-'))
  env = { MAYFLY_HOME: join(root, 'home'), APPIMAGE: join(root, 'Mayfly.AppImage'), APPDIR: join(root, 'mounted') }
  mkdirSync(join(root, 'mounted', 'native'), { recursive: true })
  copyFileSync('/bin/sleep', join(root, 'mounted', 'native', 'program'))
  writeFileSync(join(root, 'mounted', 'native', 'library.so'), 'first')
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

test('what lies in an AppImage is copied to where it stays, and its programs run there', async () => {
  const parts = lastingFolder(join(root, 'mounted', 'native'), env)
  expect(parts.startsWith(join(root, 'home', 'cache'))).toBe(true)
  expect(lastingFolder(join(root, 'mounted', 'native'), env)).toBe(parts)
  rmSync(join(root, 'mounted'), { recursive: true })
  expect(readFileSync(join(parts, 'library.so'), 'utf8')).toBe('first')
  const [status] = (await once(spawn(join(parts, 'program'), ['0']), 'exit')) as [number]
  expect(status).toBe(0)
})

test('a copy that somebody removed is made again, and another version gets one of its own', () => {
  const first = lastingFolder(join(root, 'mounted', 'native'), env)
  rmSync(first, { recursive: true })
  expect(lastingFolder(join(root, 'mounted', 'native'), env)).toBe(first)
  mkdirSync(join(root, 'newer', 'native'), { recursive: true })
  writeFileSync(join(root, 'newer', 'native', 'library.so'), 'second')
  const second = lastingFolder(join(root, 'newer', 'native'), { ...env, APPDIR: join(root, 'newer') })
  expect(second).not.toBe(first)
  // Machines that were started by the older one run on.
  expect(existsSync(join(first, 'library.so'))).toBe(true)
  expect(readdirSync(join(first, '..')).filter((name) => name.startsWith('.'))).toEqual([])
})

test('outside of an AppImage everything stays where it is', () => {
  const native = join(root, 'mounted', 'native')
  expect(lastingFolder(native, { MAYFLY_HOME: join(root, 'home') })).toBe(native)
  expect(lastingFolder(join(root, 'elsewhere'), env)).toBe(join(root, 'elsewhere'))
  expect(existsSync(join(root, 'home'))).toBe(false)
})

test('the app is started again by its AppImage, which is there when its mount is not', () => {
  expect(lastingProgram(env)).toBe(process.execPath)
  expect(lastingProgram({ ...env, APPDIR: '/' })).toBe(env['APPIMAGE'])
})

test('what machines run finds its libraries in the system, not in the AppImage', () => {
  const mounted = join(root, 'mounted')
  const shell = { ...env, PATH: `${mounted}:${mounted}/usr/sbin:/usr/bin:/bin`, LD_LIBRARY_PATH: `${mounted}/usr/lib:`, HOME: '/home/somebody' }
  forgetAppImage(shell)
  expect(shell).toEqual({ ...env, PATH: '/usr/bin:/bin', HOME: '/home/somebody' })
  const plain = { PATH: '/usr/bin', LD_LIBRARY_PATH: '/opt/lib' }
  forgetAppImage(plain)
  expect(plain).toEqual({ PATH: '/usr/bin', LD_LIBRARY_PATH: '/opt/lib' })
})
