/** The templates: machines that are only forked. Each is a machine of its own role with a document that says what it was made of. */
import { MayflyError } from '../../contract/errors.ts'
import type { Job } from '../../contract/job.ts'
import type { Template } from '../../contract/template.ts'

export class Templates {
  /** In the order of their names. */
  list(): Template[] {
    return []
  }

  /** One template by name, id, or an unambiguous beginning of its id. Throws `not-found`. */
  get(ref: string): Template {
    throw new MayflyError('not-found', `There is no template called ${ref}.`, { kind: 'template', ref }, { next: 'mayfly template list shows them all; mayfly template make makes one.' })
  }

  make(request: { readonly name: string }): Job {
    throw new MayflyError('unsupported', `${request.name} cannot be made a template by this engine.`, { needs: 'checkpoints', have: 'none' })
  }

  setPool(ref: string, _wanted: string): Template {
    return this.get(ref)
  }

  remove(ref: string): { machine: Template['machine']; name: string } {
    const { machine, name } = this.get(ref)
    return { machine, name }
  }
}
