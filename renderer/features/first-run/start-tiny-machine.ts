/** One press: the tiny image, a machine of it, its console. */
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { performNow } from '../../state/machine-actions.ts'
import { go } from '../../state/place.ts'
import { tinyImage } from '../../state/tiny-image.ts'

/** Resolves to what went wrong; a start that fails is told on the machine's page. */
export async function startTinyMachine(): Promise<MayflyError | undefined> {
  try {
    const image = await tinyImage()
    const machine = await engine.machine.create({ name: 'tiny', image, start: false })
    go({ view: 'machines', machine: machine.id, tab: 'console' })
    void performNow('start', machine)
    return undefined
  } catch (error) {
    const failure = toMayflyError(error)
    return failure.code === 'cancelled' ? undefined : failure
  }
}
