/** Whether an ordinary user may make user namespaces, which the sandbox of the desktop window stands on. */
import { readFile } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

const concerns = 'The desktop window cannot start its sandbox; Mayfly then opens in the browser.'

/** Each switch of the kernel, the value that forbids, and who has it. */
const switches = [
  { name: 'kernel.apparmor_restrict_unprivileged_userns', forbids: '1', allow: '0', what: 'AppArmor keeps programs without a profile from making user namespaces (Ubuntu 23.10 and later).' },
  { name: 'kernel.unprivileged_userns_clone', forbids: '0', allow: '1', what: 'The kernel keeps ordinary users from making user namespaces (Debian 10 and earlier, hardened kernels).' },
  { name: 'user.max_user_namespaces', forbids: '0', allow: '15000', what: 'The number of user namespaces is limited to none.' },
] as const

export const userNamespacesDiagnostic: Diagnostic = {
  id: 'user-namespaces',
  title: 'User namespaces',
  applicable: () => true,
  async check() {
    const tried = `Read ${switches.map(({ name }) => name).join(', ')}.`
    for (const { name, forbids, allow, what } of switches) {
      const value = await readFile(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').catch(() => undefined)
      if (value?.trim() === forbids) return { status: 'warning', found: what, tried, concerns, remedies: [remedy('Allow them until the next restart.', `sudo sysctl ${name}=${allow}`, true)] }
    }
    return ok('Ordinary users may make them.', tried)
  },
}
