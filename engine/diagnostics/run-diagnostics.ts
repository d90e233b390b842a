/** Asks every diagnostic about this host. One that fails or hangs says so and spoils nothing. */
import type { DiagnosticResult } from '../../contract/host.ts'
import { acceleratorDiagnostic } from './accelerator.ts'
import { clockDiagnostic } from './clock.ts'
import { controlGroupsDiagnostic } from './control-groups.ts'
import type { Diagnostic, DiagnosticContext, Finding } from './diagnostic.ts'
import { diskSpaceDiagnostic } from './disk-space.ts'
import { fileSystemDiagnostic } from './file-system.ts'
import { firmwareDiagnostic } from './firmware.ts'
import { foldersDiagnostic } from './folders.ts'
import { memoryDiagnostic } from './memory.ts'
import { nativeDiagnostic } from './native.ts'
import { openFilesDiagnostic } from './open-files.ts'
import { qemuImgDiagnostic } from './qemu-img.ts'
import { qemuDiagnostic } from './qemu.ts'
import { ramLibraryDiagnostic } from './ram-library.ts'
import { runtimeFolderDiagnostic } from './runtime-folder.ts'
import { soundDiagnostic } from './sound.ts'
import { swtpmDiagnostic } from './swtpm.ts'
import { userNamespacesDiagnostic } from './user-namespaces.ts'

/** In the order in which equally bad ones are shown: what everything depends on first. */
const allDiagnostics: readonly Diagnostic[] = [
  qemuDiagnostic,
  qemuImgDiagnostic,
  acceleratorDiagnostic,
  nativeDiagnostic,
  foldersDiagnostic,
  runtimeFolderDiagnostic,
  diskSpaceDiagnostic,
  fileSystemDiagnostic,
  memoryDiagnostic,
  openFilesDiagnostic,
  firmwareDiagnostic,
  swtpmDiagnostic,
  ramLibraryDiagnostic,
  soundDiagnostic,
  userNamespacesDiagnostic,
  controlGroupsDiagnostic,
  clockDiagnostic,
]

const severity: Readonly<Record<Finding['status'], number>> = { problem: 0, warning: 1, unknown: 2, ok: 3 }

/** A file system whose server is gone answers never. */
const defaultTimeoutMs = 15_000

export interface RunDiagnosticsOptions {
  readonly diagnostics?: readonly Diagnostic[]
  readonly timeoutMs?: number
}

/** Runs all that apply at the same time; worst first. Never throws. */
export async function runDiagnostics(context: DiagnosticContext, { diagnostics = allDiagnostics, timeoutMs = defaultTimeoutMs }: RunDiagnosticsOptions = {}): Promise<DiagnosticResult[]> {
  const applicable = diagnostics.filter((diagnostic) => diagnostic.applicable(context))
  const results = await Promise.all(applicable.map(async (diagnostic) => ({ id: diagnostic.id, title: diagnostic.title, ...(await find(diagnostic, context, timeoutMs)) })))
  return results.toSorted((a, b) => severity[a.status] - severity[b.status])
}

async function find(diagnostic: Diagnostic, context: DiagnosticContext, timeoutMs: number): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve(unknown(`It did not end within ${timeoutMs / 1000} s.`)), timeoutMs)
  })
  try {
    return await Promise.race([diagnostic.check(context), deadline])
  } catch (error) {
    return unknown(`It could not be found out: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

function unknown(found: string): Finding {
  return { status: 'unknown', found, tried: '', concerns: '', remedies: [] }
}
