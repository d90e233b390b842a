/**
 * The `mayfly` command begins here, with nothing that a Node too old for the rest could stumble
 * over: a package's command runs on whatever Node the system has.
 */
const oldestMajor = 20

if (Number.parseInt(process.versions.node, 10) < oldestMajor) {
  process.stderr.write(`mayfly needs Node.js ${oldestMajor} or later; this is ${process.versions.node} (${process.execPath}). Install a newer one, for example from nodejs.org, and let it come first in PATH. The window, mayfly-desktop, needs none.\n`)
  process.exitCode = 1
} else {
  await import('./process.ts')
}

export {}
