/** What a diagnostic is: one file that knows one thing that can be wrong with a host. */
import type { MayflyError } from '../../contract/errors.ts'
import type { DiagnosticResult } from '../../contract/host.ts'
import type { Capabilities } from '../qemu/argv/capabilities.ts'
import type { AcceleratorReport } from '../qemu/capabilities/accelerators.ts'
import type { QemuInstallation } from '../qemu/capabilities/qemu-installation.ts'
import type { Folders } from '../storage/folders.ts'

export interface DiagnosticContext {
  readonly folders: Folders
  /** Null where no QEMU was found. */
  readonly installation: QemuInstallation | null
  /** Null where QEMU is missing, too old or broken; the check `qemu` finds out which. */
  readonly capabilities: Capabilities | null
  /** Why one of them is null, where that is known: a QEMU that was chosen is not looked for again. */
  readonly qemuFailure?: MayflyError
  /** Empty where nothing could be measured. */
  readonly accelerators: readonly AcceleratorReport[]
}

export type Finding = Omit<DiagnosticResult, 'id' | 'title'>

export interface Diagnostic {
  /** What errors name as their `check`. */
  readonly id: string
  readonly title: string
  /** Whether the question makes sense here. */
  applicable(context: DiagnosticContext): boolean
  /** Looks, changes nothing, and leaves nothing behind. What it throws is shown as `unknown`. */
  check(context: DiagnosticContext): Promise<Finding>
}

export type Remedy = DiagnosticResult['remedies'][number]

/** A finding with nothing to do about it. */
export function ok(found: string, tried: string): Finding {
  return { status: 'ok', found, tried, concerns: '', remedies: [] }
}

export function remedy(text: string, command: string | null = null, needsRoot = false): Remedy {
  return { text, command, needsRoot }
}
