/** Whether the clock can be believed: downloads check certificates by it, and guests take it over. */
import { readFile } from 'node:fs/promises'
import type { Diagnostic } from './diagnostic.ts'
import { ok, remedy } from './diagnostic.ts'

/** Mayfly did not exist before. */
const earliestMs = Date.UTC(2026, 0, 1)
const sourceFile = '/sys/devices/system/clocksource/clocksource0/current_clocksource'
/** Read over a slow bus, thousands of times a second by every guest. */
const slowSources: readonly string[] = ['acpi_pm', 'hpet', 'jiffies']

export const clockDiagnostic: Diagnostic = {
  id: 'clock',
  title: 'Clock',
  applicable: () => true,
  async check() {
    const tried = `Looked at the date and at ${sourceFile}.`
    if (Date.now() < earliestMs) {
      const found = `The clock says ${new Date().toISOString()}, which is past.`
      return { status: 'problem', found, tried, concerns: 'Downloads fail on their certificates, and guests start with a wrong date.', remedies: [remedy('Let the time be set from the network.', 'sudo timedatectl set-ntp true', true)] }
    }
    const source = (await readFile(sourceFile, 'utf8').catch(() => '')).trim()
    if (slowSources.includes(source)) {
      return { status: 'warning', found: `The kernel reads the time from ${source}, which is slow.`, tried, concerns: 'Guests that ask for the time often are slowed down.', remedies: [] }
    }
    return ok('It is plausible.', tried)
  },
}
