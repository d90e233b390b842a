/** Checkpoints, forks, templates and runs as a person makes and uses them, in whichever host. */
import { expect, test } from 'vitest'
import type { Timeline } from '../../contract/checkpoint.ts'
import type { Job, JobKind } from '../../contract/job.ts'
import type { Run } from '../../contract/run.ts'
import { freePort } from '../cli/mayfly.fixture.ts'
import { until } from '../conformance/until.ts'
import { nothingFoundIn } from './access.fixture.ts'
import { openStage } from './stage.fixture.ts'
import type { Launch, Stage } from './stage.fixture.ts'

/** How long a job of the engine may take on a busy host. */
const jobMs = 60_000

export function anHourOfForks(launch: Launch): void {
  const stage = openStage(launch, async ({ home, client }) => {
    await home.bootTiny(client, 'web', { forwards: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: await freePort(), guestPort: 80 }] })
  })

  timelineSpecs(stage)
  forkSpecs(stage)
  gridSpecs(stage)
  runSpecs(stage)
}

/** Waits until the job that the page began has succeeded: its tree is told while it works, and may look like the one it will be. */
async function jobDone({ client }: Stage, kind: JobKind): Promise<void> {
  let last: Job | undefined
  await until(async () => {
    last = (await client.job.list({})).find((job) => job.kind === kind)
    return last !== undefined && last.state !== 'running'
  }, `the latest ${kind} ends`, jobMs)
  expect(last).toMatchObject({ state: 'done', error: null })
}

function labels({ checkpoints }: Timeline): string[] {
  return checkpoints.map(({ label }) => label)
}

function timelineSpecs(stage: () => Stage): void {
  test('an empty timeline says what would be here, and takes the first checkpoint', async () => {
    const { window, page, client, home } = stage()
    await window.openMachine('web')
    await window.machine.tab('Timeline')
    await page.getByText('No checkpoints yet').waitFor()
    await nothingFoundIn(stage(), 'an empty timeline')
    await home.sh(client, 'web', 'echo 1 > /tmp/in-memory; echo 1 > /data/on-disk')
    await page.getByRole('tabpanel').getByRole('button', { name: 'Take checkpoint' }).first().click()
    const dialog = window.dialog('Take a checkpoint of web')
    await dialog.getByRole('textbox', { name: 'Label' }).fill('before')
    await dialog.getByRole('textbox', { name: 'Description' }).fill('one in memory, one on disk')
    await nothingFoundIn(stage(), 'taking a checkpoint')
    await dialog.getByRole('button', { name: 'Take checkpoint' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await window.machine.timeline.point('before').waitFor({ timeout: jobMs })
    await jobDone(stage(), 'checkpoint.take')
    const { checkpoints, present } = await client.checkpoint.list({ machine: 'web' })
    expect(checkpoints).toMatchObject([{ label: 'before', description: 'one in memory, one on disk', kind: 'ram', machineState: 'running', broken: null }])
    expect(present.parent).toBe(checkpoints[0]?.id)
  })

  test('a checkpoint is restored with the keyboard, and what was then is kept: memory and disk', async () => {
    const { window, page, client, home } = stage()
    await home.sh(client, 'web', 'echo 2 > /tmp/in-memory; echo 2 > /data/on-disk; sync')
    await window.machine.timeline.choose('before')
    await nothingFoundIn(stage(), 'a timeline')
    await page.keyboard.press('Enter')
    const dialog = window.dialog('Restore "before"?')
    expect(await dialog.getByRole('checkbox', { name: 'Keep the present as a checkpoint first' }).isChecked()).toBe(true)
    await nothingFoundIn(stage(), 'restoring')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'hidden' })
    await jobDone(stage(), 'checkpoint.restore')
    const timeline = await client.checkpoint.list({ machine: 'web' })
    const before = timeline.checkpoints.find(({ label }) => label === 'before')?.id
    expect(timeline.checkpoints).toHaveLength(2)
    expect(timeline.present.parent).toBe(before)
    expect(timeline.checkpoints.find(({ id }) => id !== before)).toMatchObject({ origin: 'before-restore', parent: before })
    await stage().engineSays('web', 'runs', ({ state }) => state === 'running')
    expect(await home.sh(client, 'web', 'cat /tmp/in-memory /data/on-disk')).toBe('1\n1\n')
    await until(async () => (await window.machine.timeline.box.getByRole('option').count()) === 3, 'three points are shown', jobMs)
  }, 120_000)

  test('the tree is walked with the arrows, told as a list, and searched', async () => {
    const { window, page } = stage()
    await window.machine.timeline.point('Now').click()
    await window.machine.timeline.box.focus()
    await page.keyboard.press('ArrowUp')
    await window.machine.timeline.side.getByRole('heading', { name: 'before', level: 2 }).waitFor()
    await page.keyboard.press('ArrowRight')
    await window.machine.timeline.side.getByText('kept before a restore').waitFor()
    await page.getByRole('radiogroup', { name: 'How it is shown' }).getByText('List').click()
    await nothingFoundIn(stage(), 'a timeline as a list')
    await page.getByRole('textbox', { name: 'Search checkpoints' }).fill('one in memory')
    await page.getByText('1 found').waitFor()
    await page.keyboard.press('Enter')
    await window.machine.timeline.side.getByRole('heading', { name: 'before', level: 2 }).waitFor()
    await page.getByRole('button', { name: 'Clear search' }).click()
    await page.getByRole('radiogroup', { name: 'How it is shown' }).getByText('Tree').click()
  })

  test('a checkpoint is renamed and deleted, after asking', async () => {
    const { window, page, client } = stage()
    const { checkpoints } = await client.checkpoint.list({ machine: 'web' })
    const kept = checkpoints.find(({ origin }) => origin === 'before-restore')?.label ?? ''
    await window.machine.timeline.choose(kept)
    await page.keyboard.press('F2')
    const renaming = window.dialog(`Rename "${kept}"`)
    await renaming.getByRole('textbox', { name: 'Label' }).fill('the other way')
    await renaming.getByRole('button', { name: 'Rename' }).click()
    await window.machine.timeline.point('the other way').waitFor()
    expect(labels(await client.checkpoint.list({ machine: 'web' })).toSorted()).toEqual(['before', 'the other way'])
    await window.machine.timeline.choose('the other way')
    await page.keyboard.press('Delete')
    await nothingFoundIn(stage(), 'deleting a checkpoint')
    await window.answer('Delete "the other way"?', 'Delete checkpoint')
    await window.machine.timeline.point('the other way').waitFor({ state: 'detached', timeout: jobMs })
    await jobDone(stage(), 'checkpoint.delete')
    expect(labels(await client.checkpoint.list({ machine: 'web' }))).toEqual(['before'])
  })
}

function forkSpecs(stage: () => Stage): void {
  test('one press forks a running machine, says how fast, and shows the fork under its parent', async () => {
    const { window, page, client, home } = stage()
    const parent = await stage().machine('web')
    await home.sh(client, 'web', 'echo before-the-fork > /tmp/in-memory')
    await window.openMachine('web')
    await window.machine.act('Fork')
    await window.toast(/web-fork-1 was ready in \d/).waitFor()
    await window.machine.name.filter({ hasText: 'web-fork-1' }).waitFor()
    const fork = await stage().engineSays('web-fork-1', 'runs', ({ state }) => state === 'running')
    expect(fork).toMatchObject({ origin: { machine: parent.id, checkpoint: null }, forwards: [{ guestPort: 80 }] })
    expect(fork.forwards[0]?.hostPort).not.toBe(parent.forwards[0]?.hostPort)
    expect(await home.sh(client, 'web-fork-1', 'cat /tmp/in-memory')).toBe('before-the-fork\n')
    expect((await stage().machine('web')).pid).toBe(parent.pid)
    await window.list.row('web-fork-1').waitFor()
    await page.getByRole('main').getByRole('button', { name: 'fork of web' }).click()
    await window.machine.timeline.fork('web-fork-1').waitFor()
    await nothingFoundIn(stage(), 'a timeline with a fork')
  }, 120_000)

  test('a checkpoint is forked by its key, and by dropping it on the list', async () => {
    const { window, page, client, home } = stage()
    await window.machine.timeline.choose('before')
    await page.keyboard.press('f')
    await window.machine.name.filter({ hasText: 'web-fork-2' }).waitFor()
    const { checkpoints: [before] } = await client.checkpoint.list({ machine: 'web' })
    expect(await stage().machine('web-fork-2')).toMatchObject({ origin: { checkpoint: before?.id, checkpointLabel: 'before' } })
    await stage().engineSays('web-fork-2', 'runs', ({ state }) => state === 'running')
    expect(await home.sh(client, 'web-fork-2', 'cat /tmp/in-memory')).toBe('1\n')
    await window.list.open('web')
    await window.machine.tab('Timeline')
    await window.machine.timeline.point('before').dragTo(window.list.box)
    await window.machine.name.filter({ hasText: 'web-fork-3' }).waitFor()
    expect(await stage().machine('web-fork-3')).toMatchObject({ origin: { checkpoint: before?.id } })
    await client.machine.delete({ machine: 'web-fork-3', force: true })
  }, 120_000)

  test('several throwaways are forked at once, and one that stops is gone', async () => {
    const { window, page, client } = stage()
    await window.openMachine('web')
    await page.getByRole('button', { name: 'Fork options' }).click()
    const dialog = window.dialog('Fork web')
    await dialog.getByRole('textbox', { name: 'How many' }).fill('2')
    await dialog.getByRole('textbox', { name: 'Names' }).fill('brief-{n}')
    await dialog.getByRole('switch', { name: 'Throwaway' }).check({ force: true })
    await dialog.getByRole('combobox', { name: 'Time to live' }).selectOption('2 hours')
    await dialog.getByText('All in the grid').click()
    await nothingFoundIn(stage(), 'forking')
    await dialog.getByRole('button', { name: 'Make 2 forks' }).click()
    await page.getByRole('heading', { name: '4 forks of web' }).waitFor()
    for (const name of ['brief-1', 'brief-2']) {
      const { throwaway, expiresAt } = await stage().machine(name)
      expect([throwaway, expiresAt === null]).toEqual([true, false])
    }
    await window.openMachine('brief-2')
    await page.getByText(/deletes itself in 1 h/).first().waitFor()
    await window.machine.act('Switch off')
    await window.answer('Switch off brief-2?', 'Switch off brief-2')
    await window.list.row('brief-2').waitFor({ state: 'detached' })
    await until(async () => !(await client.machine.list({})).some(({ name }) => name === 'brief-2'), 'the engine knows it no more')
  }, 120_000)
}

function gridSpecs(stage: () => Stage): void {
  test('the grid shows forks side by side; what is typed goes to all that are ticked', async () => {
    const { window, page, client, home } = stage()
    await window.go(`/grid/forks/${(await stage().machine('web')).id}`)
    await page.getByRole('heading', { name: '3 forks of web' }).waitFor()
    await page.getByRole('img', { name: /^Screen of web-fork-1/ }).waitFor()
    await nothingFoundIn(stage(), 'the grid')
    await page.getByRole('list', { name: /forks of web/ }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByText('live', { exact: true }).waitFor()
    for (const name of ['web-fork-1', 'web-fork-2']) await page.getByRole('checkbox', { name: `Tick ${name}` }).check()
    await page.getByRole('button', { name: 'Type to all' }).click()
    await page.getByRole('button', { name: 'Typing to 2' }).waitFor()
    await page.keyboard.type('echo typed > /tmp/typed')
    await page.keyboard.press('Enter')
    for (const name of ['web-fork-1', 'web-fork-2']) await until(async () => (await home.sh(client, name, 'cat /tmp/typed 2>/dev/null || true')) === 'typed\n', `${name} got it`, 30_000)
    expect(await home.sh(client, 'brief-1', 'ls /tmp/typed 2>/dev/null || echo none')).toBe('none\n')
    const way = page.getByRole('radiogroup', { name: 'Where it is typed' })
    await way.getByText('Keyboard').click()
    await page.getByRole('textbox', { name: 'What is typed to all ticked consoles' }).fill('echo "Keys: {1}" > /tmp/keys')
    await page.keyboard.press('Enter')
    for (const name of ['web-fork-1', 'web-fork-2']) await until(async () => (await home.sh(client, name, 'cat /tmp/keys 2>/dev/null || true')) === 'Keys: {1}\n', `${name} got it on its keyboard`, 30_000)
    await way.getByText('Serial').click()
    await page.getByRole('textbox', { name: 'What is typed to all ticked consoles' }).focus()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Type to all' }).waitFor()
    for (const name of ['web-fork-1', 'web-fork-2']) await client.machine.delete({ machine: name, force: true })
    await page.getByRole('heading', { name: '1 fork of web' }).waitFor()
    await page.getByRole('checkbox', { name: 'Tick brief-1' }).check()
    await page.getByRole('button', { name: 'Delete 1' }).click()
    await window.dialog('Delete brief-1?').getByText('It is a throwaway').waitFor()
    await window.answer('Delete brief-1?', 'Delete brief-1')
    await page.getByText('web has no forks').waitFor()
  }, 120_000)
}

function runSpecs(stage: () => Stage): void {
  test('a template is made, and is ready for runs', async () => {
    const { window, page, client } = stage()
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Templates' }).click()
    await page.getByText('No templates yet').waitFor()
    await page.getByRole('button', { name: 'Make a template' }).click()
    const dialog = window.dialog('Make a template')
    await dialog.getByRole('textbox', { name: 'Name' }).fill('clean')
    await dialog.getByRole('textbox', { name: 'Memory', exact: true }).fill('256 MiB')
    await nothingFoundIn(stage(), 'making a template')
    await dialog.getByRole('button', { name: 'Make template' }).click()
    await dialog.waitFor({ state: 'hidden' })
    await until(async () => (await client.template.list({})).some(({ checkpoint }) => checkpoint !== null), 'the template is there', 120_000)
    await page.getByRole('row', { name: /clean/ }).getByRole('button', { name: 'Run a command in clean' }).click()
    await page.getByRole('heading', { name: 'New run' }).waitFor()
  }, 180_000)

  test('a run over a matrix: cells as they end, output side by side, a failed one kept', async () => {
    const { window, page, client } = stage()
    await page.getByRole('textbox', { name: 'Command' }).fill(`sh -c 'echo "testing $PG"; echo same; [ "$PG" = 17 ]'`)
    await page.getByRole('button', { name: 'Add a variable' }).click()
    await page.getByRole('textbox', { name: 'Variable 1' }).fill('PG')
    await page.getByRole('textbox', { name: 'Values 1' }).fill('17,18')
    await page.getByText('2 forks in all').waitFor()
    await nothingFoundIn(stage(), 'a new run')
    expect(await page.getByLabel('The same on the command line').textContent()).toMatch(/^mayfly run clean --matrix PG=17,18 .*-- sh -c/)
    await page.getByRole('button', { name: 'Run 2' }).click()
    await page.getByRole('heading', { name: 'Run 1' }).waitFor()
    await page.getByRole('status').filter({ hasText: 'failed' }).first().waitFor({ timeout: jobMs })
    let run: Run | undefined
    await until(async () => ([run] = await client.run.list({}))[0]?.endedAt != null, 'the engine says that it is over')
    expect(run).toMatchObject({ state: 'failed', cells: [{ values: { PG: '17' }, state: 'passed', exitStatus: 0, machine: null }, { values: { PG: '18' }, state: 'failed', exitStatus: 1 }] })
    for (const value of ['17', '18']) await page.getByRole('region', { name: `Output of PG ${value}` }).getByText(`testing ${value}`).waitFor()
    expect(await page.getByRole('region', { name: 'Output of PG 18' }).locator('mark').allTextContents()).toEqual(['testing 18'])
    await nothingFoundIn(stage(), 'a run')
    await page.getByRole('article', { name: 'PG 18' }).getByRole('button', { name: 'Keep' }).click()
    await until(async () => (await client.run.show({ run: run?.id ?? '' })).cells[1]?.keptUntil === null, 'it is kept for good')
    await page.getByRole('article', { name: 'PG 18' }).getByRole('button', { name: 'Open console' }).click()
    await window.machine.state('Running').waitFor()
    const kept = run?.cells[1]?.machine ?? ''
    expect(await client.machine.show({ machine: kept })).toMatchObject({ state: 'running', throwaway: false, expiresAt: null })
    await client.machine.delete({ machine: kept, force: true })
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).click()
    await page.getByRole('link', { name: 'Run 1' }).waitFor()
    await nothingFoundIn(stage(), 'the runs')
    await page.getByRole('button', { name: 'Remove run 1' }).click()
    await page.getByText('No runs yet').waitFor()
    expect(await client.run.list({})).toEqual([])
  }, 180_000)
}
