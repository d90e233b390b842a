/**
 * What a package of the desktop app holds and how its Electron is locked down, for
 * electron-builder. Programs and the command line lie beside the archive, because nothing can be
 * started from inside it; the pages lie in it for the window and beside it for `mayfly serve`.
 */

/** Electron's own switches, set in its binary: nobody can turn the app into a Node, or feed it other code. */
const fuses = {
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  // macOS and Windows look at it; Linux has nothing that would.
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
  loadBrowserProcessSpecificV8Snapshot: false,
  grantFileProtocolExtraPrivileges: false,
}

/**
 * @param {{ output: string, electronDist?: string | undefined }} options
 * @returns {import('electron-builder').Configuration}
 */
export function packagingConfig({ output, electronDist }) {
  return {
    appId: 'dev.mayfly.Mayfly',
    productName: 'Mayfly',
    executableName: 'mayfly-desktop',
    directories: { output, buildResources: 'build/icons' },
    ...(electronDist === undefined ? {} : { electronDist }),
    asar: true,
    // Everything is in the bundles: no node_modules.
    files: ['package.json', 'out/desktop/**', 'out/preload/**', 'out/renderer/**', '!node_modules/**'],
    extraResources: [
      { from: 'out/native', to: 'native' },
      { from: 'out/cli', to: 'cli' },
      { from: 'out/engine', to: 'engine' },
      { from: 'out/renderer', to: 'out/renderer' },
      { from: 'LICENSE', to: 'LICENSE' },
    ],
    electronFuses: fuses,
    npmRebuild: false,
    publish: null,
    protocols: [{ name: 'Mayfly', schemes: ['mayfly'] }],
    linux: {
      // Built elsewhere only, because electron-builder downloads its tools for them: see docs/packaging.md.
      target: ['AppImage', 'deb', 'rpm'],
      icon: 'mayfly.png',
      category: 'System;Emulator',
      synopsis: 'Virtual machines that hatch in milliseconds',
      maintainer: 'The Mayfly authors',
      mimeTypes: ['x-scheme-handler/mayfly'],
    },
    deb: { depends: debDependencies, recommends: debRecommends },
    rpm: { depends: ['qemu-kvm', 'qemu-img', 'edk2-ovmf', 'swtpm', 'gtk3', 'nss', 'alsa-lib'] },
  }
}

/** What the .deb needs; the same whoever makes it. */
export const debDependencies = [
  'qemu-system-x86', 'qemu-utils', 'libgtk-3-0 | libgtk-3-0t64', 'libnss3', 'libasound2 | libasound2t64', 'libgbm1', 'libxss1',
  'libcups2 | libcups2t64', 'libatk-bridge2.0-0 | libatk-bridge2.0-0t64',
]
/** The command line and `mayfly serve` run on the system's Node. */
export const debRecommends = ['nodejs (>= 20)', 'ovmf', 'swtpm', 'swtpm-tools']
