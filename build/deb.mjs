/**
 * Makes a .deb of the packaged folder with dpkg-deb alone. Beside the app it brings its menu
 * entry, its icon, the `mayfly` command, and the AppArmor profile without which Electron's
 * sandbox does not work on Ubuntu 24.04 and later.
 */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './bootstrap.mjs'
import { run } from './command.mjs'
import { debDependencies, debRecommends } from './packaging.mjs'

const place = '/opt/Mayfly'
const architectures = /** @type {Readonly<Record<string, string>>} */ ({ x64: 'amd64', arm64: 'arm64' })

const desktopEntry = `[Desktop Entry]
Type=Application
Name=Mayfly
Comment=Virtual machines that hatch in milliseconds
Exec=${place}/mayfly-desktop %U
Icon=mayfly
Terminal=false
Categories=System;Emulator;
MimeType=x-scheme-handler/mayfly;
StartupWMClass=Mayfly
`

const apparmorProfile = `abi <abi/4.0>,
include <tunables/global>

profile mayfly-desktop ${place}/mayfly-desktop flags=(unconfined) {
  userns,
  include if exists <local/mayfly-desktop>
}
`

/** The command runs on the system's Node, which is only recommended. */
const command = `#!/bin/sh
if ! command -v node >/dev/null; then
  echo 'mayfly needs Node.js 20 or later, which is not installed: apt install nodejs, where that is new enough, or from nodejs.org. The window, mayfly-desktop, needs none.' >&2
  exit 1
fi
exec node ${place}/resources/cli/mayfly.mjs "$@"
`

/** The setuid helper is the sandbox of systems without user namespaces; elsewhere it stays an ordinary file. */
const afterInstall = `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if ! unshare --user true 2>/dev/null && [ ! -e /etc/apparmor.d/abi/4.0 ]; then chmod 4755 ${place}/chrome-sandbox; fi
  if [ -e /etc/apparmor.d/abi/4.0 ] && command -v apparmor_parser >/dev/null; then apparmor_parser -r /etc/apparmor.d/mayfly-desktop || true; fi
  if command -v update-desktop-database >/dev/null; then update-desktop-database -q || true; fi
fi
`

/**
 * @param {{ unpacked: string, output: string }} folders
 * @returns {Promise<string>} the file
 */
export async function makeDeb({ unpacked, output }) {
  const { version, description } = /** @type {{ version: string, description: string }} */ (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  const architecture = architectures[process.arch]
  if (architecture === undefined) throw new Error(`There is no Debian architecture for ${process.arch}.`)
  const tree = mkdtempSync(join(tmpdir(), 'mayfly-deb-'))
  try {
    chmodSync(tree, 0o755)
    /** @param {string} path @param {string} text @param {number} [mode] */
    const write = (path, text, mode = 0o644) => {
      mkdirSync(join(tree, path, '..'), { recursive: true, mode: 0o755 })
      writeFileSync(join(tree, path), text, { mode })
    }
    cpSync(unpacked, join(tree, place), { recursive: true })
    chmodSync(join(tree, place, 'chrome-sandbox'), 0o755)
    write('usr/share/applications/mayfly.desktop', desktopEntry)
    write('etc/apparmor.d/mayfly-desktop', apparmorProfile)
    write('usr/share/icons/hicolor/scalable/apps/mayfly.svg', readFileSync(join(root, 'build/icons/mayfly.svg'), 'utf8'))
    write('usr/share/doc/mayfly/copyright', readFileSync(join(root, 'LICENSE'), 'utf8'))
    write('usr/bin/mayfly', command, 0o755)
    symlinkSync(`${place}/mayfly-desktop`, join(tree, 'usr/bin/mayfly-desktop'))
    write('DEBIAN/conffiles', '/etc/apparmor.d/mayfly-desktop\n')
    write('DEBIAN/postinst', afterInstall, 0o755)
    write('DEBIAN/control', `Package: mayfly
Version: ${version}
Architecture: ${architecture}
Maintainer: The Mayfly authors <mayfly@localhost>
Section: otherosfs
Priority: optional
Depends: ${debDependencies.join(', ')}
Recommends: ${debRecommends.join(', ')}
Description: ${description}
`)
    const file = join(output, `mayfly_${version}_${architecture}.deb`)
    const { status, output: words } = await run('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z9', '--build', tree, file])
    if (status !== 0) throw new Error(`dpkg-deb failed:\n${words}`)
    return file
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}
