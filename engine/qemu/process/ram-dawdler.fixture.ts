/** A RAM library that dawdles, once, in the middle of a freeze: where a guest that went on would lose what it writes. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const source = fileURLToPath(new URL('../../../native/ram-trial/dawdle.c', import.meta.url))

const program = (before: string, then: string): string => `#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **arguments) {
  (void)count;
  char text[8192];
  const char *preload = getenv("LD_PRELOAD");
  if (preload != NULL && snprintf(text, sizeof text, "${before}:%s", preload) < (int)sizeof text) setenv("LD_PRELOAD", text, 1);
  arguments[0] = "${then}";
  execv(arguments[0], arguments);
  return 127;
}
`

export class RamDawdler {
  readonly #folder: string
  /** Stands before the real program, and loads what dawdles besides the library. */
  readonly program: string

  private constructor(folder: string, program: string) {
    this.#folder = folder
    this.program = program
  }

  static async build(folder: string, name: string, then: string, seconds: number): Promise<RamDawdler> {
    const library = join(folder, 'dawdle.so')
    const before = join(folder, name)
    await writeFile(`${before}.c`, program(library, then))
    await promisify(execFile)('cc', ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', `-DPLACE="${folder}"`, `-DSECONDS=${seconds}`, '-o', library, source, '-ldl'])
    // Static: the loader's variables are for the program behind it.
    await promisify(execFile)('cc', ['-static', '-o', before, `${before}.c`])
    return new RamDawdler(folder, before)
  }

  /** The next freeze is a slow one. */
  async arm(): Promise<void> {
    await writeFile(join(this.#folder, 'armed'), '')
  }

  /** The next mapping over a machine's pages fails. */
  async refuse(): Promise<void> {
    await writeFile(join(this.#folder, 'refusing'), '')
  }

  get isDawdling(): boolean {
    return existsSync(join(this.#folder, 'dawdling'))
  }

  get isDone(): boolean {
    return existsSync(join(this.#folder, 'done'))
  }
}
