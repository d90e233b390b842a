/**
 * What the command line knows of the contract: plain data made by `build/codegen/cli-manifest.mjs`,
 * so that `mayfly` starts without loading a single schema. The engine validates; this only
 * turns words into input.
 */
export type ValueKind = 'string' | 'integer' | 'number' | 'boolean' | 'enum' | 'size-mib' | 'duration-ms' | 'duration-s' | 'forward' | 'pair'

/** What a word stands for, where completion can look it up. */
export type Reference = 'machine' | 'template' | 'image' | 'job' | 'trash' | 'file'

/** One value of a procedure's input as it is written on a command line. */
export interface Field {
  /** Flag without dashes, or the name of the place in the usage line. */
  readonly name: string
  /** Where it goes in the input; empty: the command's own code takes it from `options`. */
  readonly path: readonly string[]
  readonly kind: ValueKind
  readonly description: string
  /** The words of an `enum`. */
  readonly values?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** An array of such values. */
  readonly repeated?: true
  readonly required?: true
  /** As help shows it. */
  readonly default?: string
  /** Placeholder in help. */
  readonly value?: string
  readonly refers?: Reference
}

export interface Positional extends Field {
  /** Takes all that is left, as it stands. */
  readonly rest?: true
}

export interface Flag extends Field {
  readonly short?: string
  /** A switch that puts this there. */
  readonly sets?: string
  /** A pair whose name may be given only once. */
  readonly once?: true
  /** `--no-NAME` sets null: removes what it names. */
  readonly nullable?: true
}

/** An object of the input that only some flags fill; `fixed` is then filled in as well. */
export interface FieldGroup {
  readonly path: readonly string[]
  readonly fixed: Readonly<Record<string, string>>
  /** Flags without which the group is of no use. */
  readonly needs: readonly string[]
}

export interface Command {
  /** `list`, `image build`. */
  readonly name: string
  /** Dotted path in the contract; null where the command is the CLI's own. */
  readonly procedure: string | null
  readonly summary: string
  readonly access: 'read' | 'write' | 'destroy'
  /** Answers with a job: the CLI waits for its end. */
  readonly job?: true
  readonly confirm?: true
  /** Has code of its own in the CLI. */
  readonly interactive?: true
  readonly positionals: readonly Positional[]
  readonly flags: readonly Flag[]
  readonly groups?: readonly FieldGroup[]
  readonly examples: readonly string[]
  /** Paragraphs shown below the flags. */
  readonly notes?: readonly string[]
}

/** A place as help and messages write it. */
export function placeShown(place: Field): string {
  return place.name === 'argv' ? 'COMMAND' : place.name.toUpperCase()
}
