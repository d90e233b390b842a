/** Something is done to a machine; what goes wrong is kept with it, and said where one looks elsewhere. */
import { text } from '../text/text.ts'
import { toMayflyError } from './failure.ts'
import { currentPlace } from './place.ts'
import { showToast } from './toast.ts'
import { clearTrouble, setTrouble } from './troubles.ts'

/** `doing`: what is done, as a sentence: "Start web". Resolves to what the call did, undefined where it failed. */
export async function attempt<T>(machine: string, doing: string, call: () => Promise<T>): Promise<T | undefined> {
  clearTrouble(machine)
  try {
    return await call()
  } catch (error) {
    const failure = toMayflyError(error)
    setTrouble({ machine, doing, error: failure })
    const place = currentPlace()
    if (place.view !== 'machines' || place.machine !== machine) showToast({ title: text.error.couldNot(doing), message: failure.message, stays: true })
    return undefined
  }
}
