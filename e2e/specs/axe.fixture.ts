/** What axe finds in a page. It is put there as a debugger puts code, which the page's policy cannot refuse. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'

interface Violation {
  readonly id: string
  readonly impact: string | null
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly target: readonly string[]; readonly failureSummary?: string }[]
}

/** One line a violation and place, none where nothing was found. */
export async function findViolations(page: Page): Promise<string[]> {
  // What fades in has hardly a colour yet.
  await page.evaluate(`Promise.allSettled(document.getAnimations().filter(({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished)).then(() => undefined)`)
  await page.evaluate(`if (globalThis.axe === undefined) { ${axe.source} }`)
  const violations = (await page.evaluate(`axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations)`)) as Violation[]
  return violations.flatMap(({ id, impact, help, nodes }) => nodes.map(({ html, failureSummary = '' }) => `${id} (${impact}): ${help}\n  ${html.slice(0, 240)}\n  ${failureSummary.replaceAll('\n', ' ').slice(0, 300)}`))
}
