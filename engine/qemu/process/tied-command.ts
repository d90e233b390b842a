/**
 * Ties a short-lived tool to this process: when the engine is killed, so is the tool. Machines
 * must outlive the engine; a probe, a measuring guest or a conversion must not.
 */
import { existsSync } from 'node:fs'

const setpriv = '/usr/bin/setpriv'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/**
 * The same command, killed by the kernel when its parent thread ends (PR_SET_PDEATHSIG,
 * through util-linux' setpriv). Where setpriv is missing the command is returned as it is.
 */
export function tiedToParent({ program, args }: Command): Command {
  return existsSync(setpriv) ? { program: setpriv, args: ['--pdeathsig', 'KILL', '--', program, ...args] } : { program, args }
}
