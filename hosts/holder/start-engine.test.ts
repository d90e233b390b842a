import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../e2e/conformance/until.ts'
import { identifyProcess, isAlive, signalProcess } from '../../engine/qemu/process/process-identity.ts'
import { resolveFolders } from '../../engine/storage/folders.ts'
import type { Folders } from '../../engine/storage/folders.ts'
import { startEngine } from './start-engine.ts'

let folder: string
let folders: Folders
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mayfly-start-'))
  folders = resolveFolders({ MAYFLY_HOME: folder })
})
afterEach(() => rm(folder, { recursive: true }))

/** Starts a script in the engine's place. */
async function start(script: string, env: NodeJS.ProcessEnv = {}, withinMs = 20_000): Promise<'ready' | 'held'> {
  const program = join(folder, 'engine.mjs')
  await writeFile(program, `import { writeSync } from 'node:fs'; import { writeFileSync } from 'node:fs'\n${script}`)
  return startEngine({ folders, env, withinMs, program })
}

test('an engine that tells how it went is believed', async () => {
  expect(await start('writeSync(3, \'{"kind":"ready"}\')')).toBe('ready')
  expect(await start('writeSync(3, \'{"kind":"held"}\')')).toBe('held')
  await expect(start('writeSync(3, JSON.stringify({kind:"failed",error:{code:"no-space",message:"Full.",details:{path:"/",needed:null,free:0},next:"Delete something."}}))')).rejects.toMatchObject({
    code: 'no-space',
    message: 'Full.',
    details: { path: '/', needed: null, free: 0 },
    next: 'Delete something.',
  })
})

test('an engine that dies without a word is told by the end of its log, and only of this start', async () => {
  await expect(start('console.error("the first failure"); process.exit(3)')).rejects.toThrow(/the first failure/)
  const second = start('console.error("x".repeat(5000) + " cannot load a library"); process.abort()')
  await expect(second).rejects.toMatchObject({ code: 'host-unavailable', details: { check: 'engine' } })
  await expect(second).rejects.toThrow(/cannot load a library/)
  await expect(second).rejects.not.toThrow(/the first failure/)
})

test('an engine that takes too long is said to be there', async () => {
  const pidFile = join(folder, 'pid')
  const late = start(`writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); console.error('reading machines'); setInterval(() => {}, 1000)`, {}, 3000)
  await expect(late).rejects.toMatchObject({ code: 'host-unavailable' })
  await expect(late).rejects.toThrow(/not ready yet/)
  const engine = identifyProcess(Number(await readFile(pidFile, 'utf8')))
  if (engine === null) throw new Error('The engine is not there.')
  signalProcess(engine, 'SIGKILL')
  await until(() => !isAlive(engine), 'it is gone')
})

test('the engine gets the settings it needs and nothing of the shell that started it', async () => {
  const seen = join(folder, 'seen')
  await start(`writeFileSync(${JSON.stringify(seen)}, JSON.stringify([process.cwd(), process.env])); writeSync(3, '{"kind":"ready"}')`, {
    PATH: '/usr/bin', HOME: '/home/x', LC_ALL: 'C.UTF-8', MAYFLY_HOME: 'relative', QEMU_MODULE_DIR: '/q', NODE_OPTIONS: '--no-warnings', SSH_AUTH_SOCK: '/s', AWS_SECRET_ACCESS_KEY: 'x', LD_PRELOAD: '',
  })
  expect(JSON.parse(await readFile(seen, 'utf8'))).toEqual(['/', { PATH: '/usr/bin', HOME: '/home/x', LC_ALL: 'C.UTF-8', MAYFLY_HOME: join(process.cwd(), 'relative'), QEMU_MODULE_DIR: '/q' }])
})
