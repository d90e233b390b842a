import { describe, expect, test } from 'vitest'
import type { MachineSummary } from '../../contract/machine.ts'
import { listRows, matches } from './machine-search.ts'
import type { ListQuestion } from './machine-search.ts'

function machine(name: string, more: Partial<MachineSummary> = {}): MachineSummary {
  return {
    id: name as MachineSummary['id'], place: 'local', name, state: 'stopped', pausedBy: null, stateReason: null, cpus: 1, memoryMiB: 256, pid: null, startedAt: null,
    uptimeSeconds: null, tags: [], notes: '', profile: 'paravirtual', forwards: [], agent: 'off', pendingChanges: 0, createdAt: null, role: 'machine', origin: null, throwaway: false, expiresAt: null, checkpoints: 0, bootPhase: null, usualBootSeconds: null, restartsInMinute: 0, ...more,
  }
}

const all: ListQuestion = { search: '', filter: 'all', order: 'byName', folded: new Set() }
const web = machine('web', { tags: ['shop'], state: 'running', forwards: [{ nic: 'nic0', protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, guestPort: 80 }] })
const db = machine('db', { tags: ['shop', 'sql'], notes: 'Holds the\norders of customers' })
const kiosk = machine('kiosk', { state: 'crashed', stateReason: 'QEMU ended: out of memory', memoryMiB: 512 })
const shown = (question: Partial<ListQuestion>): string[] => listRows([db, kiosk, web], { ...all, ...question }).map((row) => (row.kind === 'group' ? `# ${row.key} ${row.running}/${row.all}` : row.machine.name))

test('the first tag is the group; those without one come last', () => {
  expect(shown({})).toEqual(['# shop 1/2', 'db', 'web', '#  0/1', 'kiosk'])
})

test('without any tag there are no heads', () => {
  expect(listRows([kiosk], all).map(({ kind }) => kind)).toEqual(['machine'])
})

test.each([['shop', ['db', 'web']], ['sql', ['db']], ['8080', ['web']], ['out memory', ['kiosk']], ['RUNNING', ['web']], ['shop kiosk', []], ['customers db', ['db']]])('%j finds %j', (search, names) => {
  expect([db, kiosk, web].filter((one) => matches(one, search)).map(({ name }) => name)).toEqual(names)
})

test('a folded group hides its machines, and a search unfolds it', () => {
  expect(shown({ folded: new Set(['shop']) })).toEqual(['# shop 1/2', '#  0/1', 'kiosk'])
  expect(shown({ folded: new Set(['shop']), search: 'db' })).toContain('db')
})

test('filters and orders', () => {
  expect(shown({ filter: 'needsYou' })).toEqual(['kiosk'])
  expect(shown({ filter: 'running' })).toEqual(['# shop 1/1', 'web'])
  expect(shown({ order: 'byState' })).toEqual(['# shop 1/2', 'web', 'db', '#  0/1', 'kiosk'])
})

describe('forks', () => {
  const origin = (of: MachineSummary): Partial<MachineSummary> => ({ origin: { machine: of.id, machineName: of.name, checkpoint: null, checkpointLabel: null } })
  const fork = machine('a-fork', { ...origin(web), state: 'running' })
  const forkOfFork = machine('a-fork-of-it', origin(fork))
  const rows = (machines: readonly MachineSummary[], question: Partial<ListQuestion> = {}): string[] => listRows(machines, { ...all, ...question }).map((row) => (row.kind === 'group' ? `# ${row.name}` : `${'>'.repeat(row.depth)}${row.first ? '1' : ''} ${row.machine.name}`.trim()))

  test('stand under what they were forked from, in its group', () => {
    expect(rows([fork, forkOfFork, db, kiosk, web])).toEqual(['# shop', 'db', 'web', '>1 a-fork', '>>1 a-fork-of-it', '# No tag', 'kiosk'])
  })

  test('know how far up their line goes', () => {
    const second = machine('second', origin(web))
    expect(listRows([fork, forkOfFork, second, web], all).map((row) => (row.kind === 'machine' ? [row.machine.name, row.up] : []))).toEqual([[], ['web', 0], ['a-fork', 1], ['a-fork-of-it', 1], ['second', 2]])
  })

  test('stand alone where their parent is not shown', () => {
    expect(rows([fork, db, web], { search: 'a-fork' })).toEqual(['a-fork'])
  })

  test('of a template stand together, and the template is not listed', () => {
    const template = machine('clean', { role: 'template' })
    expect(rows([kiosk, machine('run-1', origin(template)), template])).toEqual(['# No tag', 'kiosk', '# Forks of clean', 'run-1'])
  })
})
