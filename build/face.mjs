/**
 * Chooses the face in which `npm start` opens Mayfly. Pure: what it looks at is handed in, so the
 * choice and the words that explain it can be tested for every kind of host.
 */

/**
 * @typedef {'desktop' | 'browser' | 'cli'} Face
 *
 * @typedef {object} FaceFacts
 * @property {boolean} display X11 or Wayland is there
 * @property {boolean} electron an Electron binary is installed
 * @property {boolean} namespacesRestricted ordinary users may not make user namespaces (Ubuntu 24.04 and later)
 * @property {boolean} root the caller is root, for whom Electron has no sandbox
 * @property {{ desktop: boolean, browser: boolean }} built which faces this checkout has
 */

/**
 * @param {FaceFacts} facts
 * @returns {{ face: Face, why: string[] }} and what the user should know about it, in sentences
 */
export function chooseFace(facts) {
  /** @type {string[]} */
  const why = []
  if (facts.built.desktop && facts.display) {
    const obstacle = desktopObstacle(facts)
    if (obstacle === undefined) return { face: 'desktop', why }
    why.push(obstacle)
  }
  return { face: facts.built.browser ? 'browser' : 'cli', why }
}

/** @param {FaceFacts} facts */
function desktopObstacle(facts) {
  if (!facts.electron) return 'Electron is not installed here, so Mayfly opens in the browser.'
  if (facts.root) return "As root, Electron's sandbox does not work, so Mayfly opens in the browser. Start it as an ordinary user for the desktop app."
  if (facts.namespacesRestricted) {
    return (
      "This system does not let ordinary programs make user namespaces (kernel.apparmor_restrict_unprivileged_userns = 1), which Electron's sandbox needs. " +
      'Mayfly does not switch the sandbox off; it opens in the browser instead. An installed package of Mayfly brings the AppArmor profile that allows the desktop app.'
    )
  }
  return undefined
}
