import { expect, test } from 'vitest'
import { chooseFace } from './face.mjs'

const laptop = { display: true, electron: true, namespacesRestricted: false, root: false, built: { desktop: true, browser: true } }

test.each([
  ['a laptop opens the desktop app', {}, 'desktop', 0],
  ['without a display it is the browser face', { display: false }, 'browser', 0],
  ['without Electron it is the browser face, and says so', { electron: false }, 'browser', 1],
  ['as root it is the browser face, and says so', { root: true }, 'browser', 1],
  ['where user namespaces are restricted it is the browser face, and says so', { namespacesRestricted: true }, 'browser', 1],
  ['a checkout without window and browser face ends in the CLI', { built: { desktop: false, browser: false }, namespacesRestricted: true }, 'cli', 0],
  ['a checkout without window opens the browser face', { built: { desktop: false, browser: true } }, 'browser', 0],
])('%s', (_title, facts, face, sentences) => {
  const choice = chooseFace({ ...laptop, ...facts })
  expect({ face: choice.face, sentences: choice.why.length }).toEqual({ face, sentences })
})

test("Electron's sandbox is never dropped silently: the reason names the setting", () => {
  expect(chooseFace({ ...laptop, namespacesRestricted: true }).why.join(' ')).toContain('apparmor_restrict_unprivileged_userns')
})
