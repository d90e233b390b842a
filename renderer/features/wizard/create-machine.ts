/** Makes the machine of a plan, then shows it and starts it, so that a start that fails is told where the machine is. */
import { create } from 'zustand'
import { isMayflyError } from '../../../contract/errors.ts'
import type { MayflyError } from '../../../contract/errors.ts'
import { fromErrorRecord } from '../../../contract/wire/error-record.ts'
import { forgetAppliance } from '../../state/appliances.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { performNow } from '../../state/machine-actions.ts'
import { closeOverlay, useOverlay } from '../../state/overlay.ts'
import { go } from '../../state/place.ts'
import { tinyImage } from '../../state/tiny-image.ts'
import { showToast } from '../../state/toast.ts'
import { text } from '../../text/text.ts'
import { forgetDraft } from './draft.ts'
import type { Plan } from './plan.ts'

export interface CreateFailure {
  readonly error: MayflyError
  /** The field that has to be changed, where one is known. */
  readonly field: string | undefined
}

/** Fields of the wizard by the names the contract has for them. */
const fields: Readonly<Record<string, string>> = { name: 'name', cpus: 'cpus', memoryMiB: 'memory', diskMiB: 'disk', tpm: 'tpm', firmware: 'uefi', secureBoot: 'secureBoot' }

interface Creating {
  readonly busy: boolean
  readonly failure: CreateFailure | undefined
}

/** Goes on when the wizard is closed, and is found again when it is opened. */
export const useCreating = create<Creating>(() => ({ busy: false, failure: undefined }))

/** Resolves to what went wrong; undefined where the machine was made, or not wanted any more. */
export async function createMachine({ name, request, buildsTiny, appliance }: Plan): Promise<CreateFailure | undefined> {
  useCreating.setState({ busy: true, failure: undefined })
  try {
    if (appliance !== undefined) {
      const { cpus, memoryMiB, diskMiB, forwards, start } = request
      const job = await appliance.begin({ name, ...(cpus === undefined ? {} : { cpus }), ...(memoryMiB === undefined ? {} : { memoryMiB }), ...(diskMiB === undefined ? {} : { diskMiB }), ...(forwards === undefined ? {} : { forwards }), start })
      forgetAppliance(appliance.key)
      forgetDraft()
      if (useOverlay.getState().overlay?.kind === 'wizard') closeOverlay()
      useCreating.setState({ busy: false })
      showToast({ title: text.appliance.begun(name), message: text.appliance.begunMore })
      void tellImport(job.id, name)
      return undefined
    }
    const image = buildsTiny ? await tinyImage() : request.image
    const machine = await engine.machine.create({ ...request, ...(image === undefined ? {} : { image }), start: false })
    forgetDraft()
    if (useOverlay.getState().overlay?.kind === 'wizard') {
      closeOverlay()
      go({ view: 'machines', machine: machine.id, tab: 'console' })
    } else showToast({ title: text.wizard.isThere(name) })
    if (request.start) void performNow('start', machine)
    useCreating.setState({ busy: false })
    return undefined
  } catch (thrown) {
    const error = toMayflyError(thrown)
    if (error.code === 'cancelled') {
      useCreating.setState({ busy: false })
      return undefined
    }
    const [issue] = isMayflyError(error, 'invalid-input') ? error.details.issues : []
    const failure = { error, field: error.code === 'conflict' ? 'name' : fields[issue?.path ?? ''] }
    useCreating.setState({ busy: false, failure })
    return failure
  }
}

/** The wizard is gone by then. */
async function tellImport(job: string, name: string): Promise<void> {
  try {
    const { result, error, state } = await engine.job.wait({ job })
    const machine = result?.machine
    if (machine !== undefined) {
      showToast({ title: text.appliance.done(name), message: result?.sentence, onClick: () => go({ view: 'machines', machine }) })
    } else if (error !== null && state === 'failed') showToast({ title: text.appliance.failed(name), message: fromErrorRecord(error).message, stays: true })
  } catch {
    // The engine is away; the list of jobs tells when it is back.
  }
}
