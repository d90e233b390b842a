/**
 * Mayfly's first minute in a terminal: the commands there are, then a tiny Linux machine booting
 * on its serial console. Where nobody sits at the terminal it waits until the machine is ready,
 * says how to go on and leaves the machine running: it is the user's from then on.
 */
import { join } from 'node:path'
import { run } from './command.mjs'

const machineName = 'first'
const imageName = 'tiny'
const readyTimeout = '5m'

/**
 * @param {string} root the checkout
 * @returns {Promise<number>} exit status
 */
export async function startInTerminal(root) {
  const cli = join(root, 'out/cli/mayfly.mjs')
  const interactive = process.stdin.isTTY && process.stdout.isTTY

  /** @param {readonly string[]} args */
  const show = async (...args) => {
    console.log(`\n$ npx mayfly ${args.map((arg) => (/\s/.test(arg) ? `'${arg}'` : arg)).join(' ')}`)
    const { status } = await run(process.execPath, [cli, ...args], { show: true, input: interactive ? 'inherit' : 'ignore' })
    return status
  }
  /** @param {readonly string[]} args */
  const list = async (...args) => {
    const { status, output } = await run(process.execPath, [cli, ...args, '--json'])
    /** @type {{ name: string, state?: string }[] | undefined} */
    const entries = status === 0 ? JSON.parse(output) : undefined
    return entries
  }

  await show('--help')
  const images = await list('image', 'list')
  if (images === undefined) return show('doctor')
  if (!images.some(({ name }) => name === imageName)) {
    const status = await show('image', 'build', imageName)
    if (status !== 0) return status
  }
  const present = (await list('list'))?.find(({ name }) => name === machineName)
  if (present === undefined) {
    const status = await show('create', machineName, '--image', imageName)
    if (status !== 0) return status
  }
  const running = present?.state === 'running'
  if (!running) {
    const status = await show('start', machineName)
    if (status !== 0) return status
  }
  if (interactive) {
    const status = await show('console', machineName)
    nextCommands()
    return status
  }
  if (!running) {
    const status = await show('wait', machineName, '--for', 'serial:MAYFLY READY', '--timeout', readyTimeout)
    if (status !== 0) return status
  }
  console.log(`\nThe machine "${machineName}" is running, and goes on running.`)
  nextCommands()
  return 0
}

function nextCommands() {
  console.log(`
What next:
  npx mayfly console ${machineName}             its serial console (Ctrl-] leaves)
  npx mayfly exec ${machineName} -- uname -a    a command in it
  npx mayfly list                      all machines
  npx mayfly stop ${machineName}                shut it down
  npx mayfly delete ${machineName}              move it to the trash`)
}
