/**
 * How a procedure is declared. Everything a face needs to know about it (help text, legal
 * states, whether it destroys) is said here once and derived everywhere else.
 */
import { oc } from '@orpc/contract'
import type { ErrorMap } from '@orpc/contract'
import { errorDetailsSchema } from './error-schemas.ts'
import { type ErrorCode, type ErrorDetails, errorTable } from './errors.ts'
import { z } from 'zod'
import type { MachineState } from './machine-state.ts'

/** How a field is written on a command line when its JSON form is not what a person types. */
export type CliUnit = 'size-mib' | 'duration-ms' | 'duration-s' | 'forward'

export interface CliField {
  /** The flag's name without dashes; default: the field's name in kebab-case. */
  readonly flag?: string
  readonly short?: string
  readonly unit?: CliUnit
  /** Placeholder in help: `--memory SIZE`. */
  readonly value?: string
}

/** Where a procedure stands on the command line. Absent: it has no command. */
export interface CliPlace {
  /** `list`, `image build`, `trash restore`. */
  readonly command: string
  /** Input fields given by position, in order; a trailing `…` takes all that is left. */
  readonly positionals?: readonly string[]
  readonly fields?: Readonly<Record<string, CliField>>
  /** A command that is more than one call (console, exec, watch): the CLI has code for it. */
  readonly interactive?: boolean
  /** Asks before it acts unless `--yes`. */
  readonly confirm?: boolean
  readonly examples?: readonly string[]
}

export interface ProcedureMeta {
  /** One sentence: what it does. */
  readonly summary: string
  readonly access: 'read' | 'write' | 'destroy'
  /** States of the machine in which it is legal. Absent: any, or no machine is concerned. */
  readonly states?: readonly MachineState[]
  /** Answers with a job that goes on. */
  readonly job?: boolean
  readonly cli?: CliPlace
}

/** Codes every procedure may answer with. */
const alwaysPossible = ['invalid-input', 'bug', 'cancelled'] as const satisfies readonly ErrorCode[]

type ErrorEntry<C extends ErrorCode> = {
  readonly status: number
  readonly data: z.ZodObject<{ details: ReturnType<typeof errorDetailsSchema<C>>; next: z.ZodNullable<z.ZodString> }>
}
type ErrorMapOf<C extends ErrorCode> = { readonly [K in C]: ErrorEntry<K> }

function errorMap<C extends ErrorCode>(codes: readonly C[]): ErrorMapOf<C> & ErrorMap {
  const entries = codes.map((code) => [
    code,
    { status: errorTable[code].httpStatus, data: z.object({ details: errorDetailsSchema(code), next: z.string().nullable() }) },
  ])
  return Object.fromEntries(entries) as ErrorMapOf<C> & ErrorMap
}

/** The data a typed error carries on the wire. */
export type ErrorData<C extends ErrorCode> = { details: ErrorDetails[C]; next: string | null }

/** Begins a procedure: its meaning, and the errors it may answer with besides those any procedure may. */
export function procedure<C extends ErrorCode = never>(meta: ProcedureMeta, errors: readonly C[] = []) {
  return oc
    .$meta<ProcedureMeta>(meta)
    .route({ summary: meta.summary })
    .errors(errorMap<C | (typeof alwaysPossible)[number]>([...alwaysPossible, ...errors]))
}
