import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { chmod, link, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fsPath, toBytePath } from './byte-paths.ts'
import { encodeTarHeader, type TarEntry, tarEnd } from './tar-header.ts'
import { unpackTar } from './unpack-tar.ts'
import { tarBytes, type TarSource, writeTar } from './write-tar.ts'

const run = promisify(execFile)
const modes = { file: 0o600, program: 0o700, folder: 0o700 }
const roomy = { mostBytes: 64 * 1024 * 1024, mostEntries: 10_000 }
let home = ''

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mayfly-tar-'))
  await mkdir(join(home, 'into'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const plain = (entry: Partial<TarEntry> & Pick<TarEntry, 'path'>): TarSource['entry'] => ({ kind: 'file', mode: 0o644, bytes: 0, modifiedSeconds: 0, target: '', ...entry }) as TarSource['entry']

function archive(...entries: readonly (readonly [entry: Partial<TarEntry> & Pick<TarEntry, 'path'>, content?: string])[]): Readable {
  const sources = entries.map(([entry, content = '']): TarSource => ({ entry: plain({ bytes: content.length, ...entry }), content: () => Readable.from([Buffer.from(content)]) }))
  return Readable.from(writeTar(sources))
}

const unpack = (source: AsyncIterable<Buffer>, limits = roomy) => unpackTar(source, join(home, 'into'), limits, modes)

test('what the system\'s tar packs is unpacked, odd names, long names, links and modes included', async () => {
  const from = join(home, 'from')
  const long = `${'long name '.repeat(20)}end`
  await mkdir(join(from, 'a', 'b'), { recursive: true })
  await writeFile(join(from, 'a', 'plain'), 'plain')
  await writeFile(join(from, 'a', 'new\nline "ü" \u{1b}[31m'), 'odd')
  await writeFile(fsPath(`${toBytePath(from)}/a/latin-\u{e9}`), 'no UTF-8')
  await writeFile(join(from, 'a', long), 'long')
  await writeFile(join(from, 'a', 'program'), '#!/bin/sh\n')
  await chmod(join(from, 'a', 'program'), 0o4755)
  await link(join(from, 'a', 'plain'), join(from, 'a', 'b', 'same'))
  await symlink('../plain', join(from, 'a', 'b', 'link'))
  for (const format of ['gnu', 'pax', 'ustar']) {
    const into = join(home, format)
    await mkdir(into)
    const { stdout } = await run('tar', ['-c', `--format=${format}`, '-C', from, ...(format === 'ustar' ? ['--exclude', 'long*'] : []), '.'], { encoding: 'buffer' })
    const report = await unpackTar(Readable.from([stdout.subarray(0, 700), stdout.subarray(700)]), into, roomy, modes)
    expect(report.leftOut).toEqual([])
    const names = ['b', 'latin-\u{e9}', ...(format === 'ustar' ? [] : [long]), Buffer.from('new\nline "ü" \u{1b}[31m').toString('latin1'), 'plain', 'program']
    expect((await readdir(fsPath(`${toBytePath(into)}/a`), { encoding: 'latin1' })).sort()).toEqual(names.sort())
    expect(await readFile(join(into, 'a', 'b', 'same'), 'utf8')).toBe('plain')
    expect(await readlink(join(into, 'a', 'b', 'link'))).toBe('../plain')
    expect((await lstat(join(into, 'a', 'program'))).mode & 0o7777).toBe(0o700)
  }
})

test('the system\'s tar unpacks what is packed, of the length that was told', async () => {
  const long = 'x'.repeat(150)
  const sources: TarSource[] = [
    { entry: plain({ kind: 'folder', path: 'top', mode: 0o755 }) },
    { entry: plain({ path: `top/${long}`, bytes: 5 }), content: () => Readable.from([Buffer.from('grown longer')]) },
    { entry: plain({ path: 'top/short', bytes: 600 }), content: () => Readable.from([Buffer.from('shrunk')]) },
    { entry: plain({ kind: 'link', path: 'top/link', target: long }) },
  ]
  const whole = await buffer(Readable.from(writeTar(sources)))
  expect(whole.length).toBe(tarBytes(sources))
  await writeFile(join(home, 'packed.tar'), whole)
  await run('tar', ['-xf', join(home, 'packed.tar'), '-C', join(home, 'into')])
  expect(await readFile(join(home, 'into', 'top', 'link'), 'utf8')).toBe('grown')
  expect(await readFile(join(home, 'into', 'top', 'short'), 'latin1')).toBe(`shrunk${'\0'.repeat(594)}`)
})

test('nothing is written outside, whatever the archive says', async () => {
  await writeFile(join(home, 'outside'), 'untouched')
  const hostile = archive(
    [{ path: '../outside' }, 'climbed'],
    [{ path: 'a/../../outside' }, 'climbed'],
    [{ path: `${home}/absolute` }, 'stays below'],
    [{ path: 'escape', kind: 'link', target: '..' }],
    [{ path: 'escape/outside' }, 'through a link'],
    [{ path: 'straight', kind: 'link', target: `${home}/outside` }],
    [{ path: 'd/e/up', kind: 'link', target: '../..' }],
    [{ path: 'roundabout', kind: 'link', target: 'd/e/up/../outside' }],
    [{ path: 'hard', kind: 'hard-link', target: '../outside' }],
    [{ path: 'hard2', kind: 'hard-link', target: 'straight' }],
    [{ path: 'straight' }, 'not through the link'],
    [{ path: 'x'.repeat(300) }, 'too long'],
    [{ path: '' }, 'nameless'],
    [{ path: 'file' }, 'file'],
    [{ path: 'file/below' }, 'below a file'],
    [{ path: 'last' }, 'read to the end'],
  )
  const report = await unpack(hostile)
  expect(await readFile(join(home, 'outside'), 'utf8')).toBe('untouched')
  expect((await readdir(home)).sort()).toEqual(['into', 'outside'])
  expect((await readdir(join(home, 'into'))).sort()).toEqual(['d', 'escape', 'file', home.split('/')[1] ?? '', 'last', 'straight'].sort())
  expect(await readFile(join(home, 'into', 'escape', 'outside'), 'utf8')).toBe('through a link')
  expect(await readFile(join(home, 'into', 'straight'), 'utf8')).toBe('not through the link')
  expect(await readlink(join(home, 'into', 'd', 'e', 'up'))).toBe('../..')
  expect(report.leftOutCount).toBe(9)
})

test('there are bounds to bytes, entries and names; what breaks the format is refused', async () => {
  const many = archive(...Array.from({ length: 30 }, (_, index) => [{ path: `f${index}` }, 'x'.repeat(100)] as const))
  expect(await unpack(many, { mostBytes: 1000, mostEntries: 20 })).toMatchObject({ files: 10, bytes: 1000, leftOutCount: 20 })
  const claims = encodeTarHeader(plain({ path: 'huge', bytes: 2 ** 50 }))
  expect(await unpack(Readable.from([claims.subarray(0, 512), tarEnd]), roomy).catch((error: unknown) => error)).toMatchObject({ name: 'MalformedTarError' })
  const name = encodeTarHeader(plain({ path: 'n'.repeat(200_000) }))
  await expect(unpack(Readable.from([name]))).rejects.toMatchObject({ name: 'MalformedTarError' })
  await expect(unpack(Readable.from([Buffer.alloc(600, 1)]))).rejects.toMatchObject({ name: 'MalformedTarError' })
  await expect(unpack(createReadStream('/dev/zero', { end: 500_000 }) as AsyncIterable<Buffer>)).resolves.toMatchObject({ files: 0 })
  await expect(unpack(createReadStream('/dev/zero') as AsyncIterable<Buffer>)).rejects.toMatchObject({ name: 'MalformedTarError' })
})
