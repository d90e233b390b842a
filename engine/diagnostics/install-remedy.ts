/** How a missing program is installed on this distribution, as a command people can paste. */
import { readFile } from 'node:fs/promises'
import type { Remedy } from './diagnostic.ts'
import { remedy } from './diagnostic.ts'

/** The package's name in each family. */
export interface PackageNames {
  readonly debian: string
  readonly fedora: string
  readonly arch: string
  readonly suse: string
}

const installers: Readonly<Record<keyof PackageNames, string>> = {
  debian: 'sudo apt-get install',
  fedora: 'sudo dnf install',
  arch: 'sudo pacman -S',
  suse: 'sudo zypper install',
}

const families: Readonly<Record<string, keyof PackageNames>> = {
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  arch: 'arch',
  suse: 'suse',
  opensuse: 'suse',
}

/** `what` completes "Install ...". On an unknown distribution there is no command. */
export async function installRemedy(what: string, packages: PackageNames, osRelease = '/etc/os-release'): Promise<Remedy> {
  const text = await readFile(osRelease, 'utf8').catch(() => '')
  const names = [...text.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap(([, value = '']) => value.split(' '))
  const family = names.map((name) => families[name]).find((known) => known !== undefined)
  return family === undefined ? remedy(`Install ${what}.`) : remedy(`Install ${what}.`, `${installers[family]} ${packages[family]}`, true)
}
