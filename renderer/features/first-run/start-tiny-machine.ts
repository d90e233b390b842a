/** One press: the tiny image, a machine of it, its console. Goes on while somebody looks elsewhere. */
import { create } from 'zustand'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { performNow } from '../../state/machine-actions.ts'
import { currentPlace, go } from '../../state/place.ts'
import { tinyImage } from '../../state/tiny-image.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'

interface Starting {
  readonly busy: boolean
  /** Why the last try came to nothing. */
  readonly error: MayflyError | undefined
}

export const useStarting = create<Starting>(() => ({ busy: false, error: undefined }))

/** A start that fails is told on the machine's page. */
export async function startTinyMachine(): Promise<void> {
  if (useStarting.getState().busy) return
  useStarting.setState({ busy: true, error: undefined })
  try {
    const image = await tinyImage()
    const machine = await engine.machine.create({ name: 'tiny', image, start: false })
    if (currentPlace().view === 'machines') go({ view: 'machines', machine: machine.id, tab: 'console' })
    else showToast({ title: text.firstRun.isThere(machine.name) })
    void performNow('start', machine)
    useStarting.setState({ busy: false })
  } catch (error) {
    const failure = toMayflyError(error)
    useStarting.setState({ busy: false, error: failure.code === 'cancelled' ? undefined : failure })
  }
}
