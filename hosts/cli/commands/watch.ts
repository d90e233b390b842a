/** `mayfly watch`: what changes, as it changes. A reader who was too slow gets a new snapshot and goes on. */
import type { EngineEvent } from '../../../contract/event.ts'
import type { MachineId } from '../../../contract/ids.ts'
import { type CommandContext, stdoutStyle, writeOut } from '../io.ts'
import { safeLine } from '../safe-text.ts'
import { paint, type Style } from '../style.ts'
import { machineLine } from '../views/machine-view.ts'

export async function watchCommand(context: CommandContext): Promise<number> {
  const { call, io, connection } = context
  const teller = new EventTeller(stdoutStyle(context))
  let again = true
  while (again) {
    again = false
    for await (const event of await connection.client.events.watch({})) {
      const text = call.globals.json ? `${JSON.stringify(event)}\n` : teller.tell(event, new Date())
      if (text !== '') await writeOut(io.stdout, text)
      if (event.type === 'gap') again = true
    }
  }
  return 0
}

/** Events as lines; remembers names, and says nothing twice. */
export class EventTeller {
  readonly #style: Style
  readonly #names = new Map<string, string>()
  readonly #said = new Map<string, string>()

  constructor(style: Style) {
    this.#style = style
  }

  /** Lines with their ends, or nothing where nothing worth a line changed. */
  tell(event: EngineEvent, at: Date): string {
    const line = this.#line(event)
    return line === '' ? '' : `${paint(this.#style, 'dim', at.toTimeString().slice(0, 8))}  ${line}`
  }

  #line(event: EngineEvent): string {
    switch (event.type) {
      case 'snapshot': {
        for (const machine of event.machines) {
          this.#names.set(machine.id, machine.name)
          this.#said.set(machine.id, machineLine(machine, this.#style))
        }
        for (const { id, name } of event.images) this.#names.set(id, name)
        const running = event.machines.filter(({ pid }) => pid !== null).length
        return `${event.machines.length} machines, ${running} with a process, ${event.images.length} images, ${event.jobs.filter(({ state }) => state === 'running').length} jobs running.\n`
      }
      case 'machine.changed': {
        this.#names.set(event.machine.id, event.machine.name)
        return this.#once(event.machine.id, machineLine(event.machine, this.#style))
      }
      case 'machine.removed':
        this.#said.delete(event.machine)
        return `${this.#name(event.machine)} is gone from the list.\n`
      case 'machine.happened':
        return `${this.#name(event.machine)}: ${safeLine(event.sentence)}\n`
      case 'job.changed': {
        const { job } = event
        const outcome = job.state === 'running' ? job.stage : (job.error?.message ?? job.result?.sentence ?? '')
        return this.#once(job.id, `${safeLine(job.title)}: ${job.state}${outcome === '' ? '' : `, ${safeLine(outcome)}`}\n`)
      }
      case 'image.changed':
        this.#names.set(event.image.id, event.image.name)
        return this.#once(event.image.id, `Image ${safeLine(event.image.name)}${event.image.broken === null ? ` (${event.image.kind})` : `: ${safeLine(event.image.broken)}`}\n`)
      case 'image.removed':
        return `Image ${this.#name(event.image)} is gone.\n`
      case 'template.changed':
        return this.#once(`template ${event.template.machine}`, `Template ${safeLine(event.template.name)}${event.template.broken === null ? '' : `: ${safeLine(event.template.broken)}`}\n`)
      case 'run.changed':
        return this.#once(event.run.id, `Run ${event.run.number}: ${event.run.state}\n`)
      case 'timeline.changed':
      case 'template.removed':
      case 'run.removed':
        return ''
      case 'gap':
        return 'Some events were missed; here is how things are:\n'
    }
  }

  #once(id: string, line: string): string {
    if (this.#said.get(id) === line) return ''
    this.#said.set(id, line)
    return line
  }

  #name(id: MachineId | string): string {
    return safeLine(this.#names.get(id) ?? id)
  }
}
