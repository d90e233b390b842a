/** A QEMU that does not load the RAM library: a statically linked program stands before the real one, and the loader's variables end there. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'

const wrapper = (binary: string): string => `#include <stdlib.h>
#include <unistd.h>
int main(int count, char **arguments) {
  (void)count;
  unsetenv("LD_PRELOAD");
  arguments[0] = "${binary}";
  execv(arguments[0], arguments);
  return 127;
}
`

/** The path of one in this folder, for `MAYFLY_QEMU`. */
export async function buildPlainQemu(folder: string): Promise<string> {
  const plain = join(folder, 'qemu-system-x86_64')
  await writeFile(`${plain}.c`, wrapper((await findQemu()).binary))
  await promisify(execFile)('cc', ['-static', '-o', plain, `${plain}.c`])
  return plain
}
