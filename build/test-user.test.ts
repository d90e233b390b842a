import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mirror } from './test-user.mjs'

const folder = mkdtempSync(join(tmpdir(), 'mayfly-mirror-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('the copy of a checkout follows it: new, changed and deleted files, links and modes, without the history', () => {
  const original = join(folder, 'original')
  const copy = join(folder, 'copy')
  mkdirSync(join(original, 'a/b'), { recursive: true })
  mkdirSync(join(original, '.git'))
  writeFileSync(join(original, '.git/config'), 'x')
  writeFileSync(join(original, 'a/b/text'), 'one', { mode: 0o600 })
  writeFileSync(join(original, 'a/program'), '#!', { mode: 0o700 })
  writeFileSync(join(original, 'turns-into-folder'), 'x')
  symlinkSync('b/text', join(original, 'a/link'))
  mirror(original, copy)
  expect({
    text: readFileSync(join(copy, 'a/link'), 'utf8'),
    textMode: lstatSync(join(copy, 'a/b/text')).mode & 0o777,
    programMode: lstatSync(join(copy, 'a/program')).mode & 0o777,
    history: existsSync(join(copy, '.git')),
  }).toEqual({ text: 'one', textMode: 0o644, programMode: 0o755, history: false })

  writeFileSync(join(original, 'a/b/text'), 'two')
  utimesSync(join(original, 'a/b/text'), new Date(), new Date(Date.now() + 5000))
  rmSync(join(original, 'a/program'))
  rmSync(join(original, 'turns-into-folder'))
  mkdirSync(join(original, 'turns-into-folder'))
  mirror(original, copy)
  expect({
    text: readFileSync(join(copy, 'a/link'), 'utf8'),
    program: existsSync(join(copy, 'a/program')),
    folder: lstatSync(join(copy, 'turns-into-folder')).isDirectory(),
  }).toEqual({ text: 'two', program: false, folder: true })
})
