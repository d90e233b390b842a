/**
 * Makes a machine in three steps, each of which can be left as it is. Esc keeps what was said;
 * Cancel forgets it. What is wrong stands at its field, and Create goes there.
 */
import { Modal } from '@mantine/core'
import { useWindowEvent } from '@mantine/hooks'
import { ArrowLeft, Play, Plus, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { forgetAppliance, useAppliances } from '../../state/appliances.ts'
import { engine } from '../../state/connection.ts'
import { useHost } from '../../state/host.ts'
import { useMirror } from '../../state/mirror.ts'
import { closeOverlay } from '../../state/overlay.ts'
import { useSettings } from '../../state/settings.ts'
import { useTinyJob } from '../../state/tiny-image.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import { createMachine, useCreating } from './create-machine.ts'
import { changeDraft, forgetDraft, useDraft } from './draft.ts'
import type { Draft } from './draft.ts'
import { HardwareStep } from './hardware-step.tsx'
import { ImageStep } from './image-step.tsx'
import { NetworkStep } from './network-step.tsx'
import { planMachine } from './plan.ts'
import { Summary } from './summary.tsx'
import './wizard.css'

const steps = [0, 1, 2] as const
/** Where the focus goes when a step is turned to. */
const firstFields = ['image', 'name', 'add-forward'] as const

/** Which step a field is on. */
function stepOf(field: string): 1 | 2 {
  return ['name', 'cpus', 'memory', 'disk'].includes(field) ? 1 : 2
}

export function Wizard({ image }: { readonly image: string | undefined }): React.ReactNode {
  const draft = useDraft()
  const images = useMirror(({ images }) => images)
  const machines = useMirror(({ machines }) => machines)
  const appliances = useAppliances(({ list }) => list)
  const { host } = useHost({ fresh: true })
  const { settings } = useSettings()
  const body = useRef<HTMLDivElement>(null)
  const { busy, failure } = useCreating()
  /** Field that shall have the focus once its step is shown. */
  const [wanted, setWanted] = useState<string>()
  const building = useTinyJob()
  const plan = planMachine(draft, { images, appliances, machines, host, settings })
  const { step } = draft

  useEffect(() => {
    if (image === undefined) return
    const isAppliance = useAppliances.getState().list.some(({ key }) => key === image)
    // What was said of another image says nothing of an appliance, which has all it needs.
    if (isAppliance) forgetDraft()
    changeDraft({ image, step: isAppliance ? 1 : 0 })
  }, [image])
  useEffect(() => {
    if (wanted === undefined) return
    setWanted(undefined)
    const field = body.current?.querySelector<HTMLElement>(`[name="${wanted}"]:checked, [name="${wanted}"]:not([type=radio])`)
    field?.focus()
    if (field instanceof HTMLInputElement && field.type === 'text') field.select()
  }, [wanted, step])

  const turnTo = (to: number): void => {
    const next = steps.find((candidate) => candidate === to)
    if (next === undefined || next === step) return
    changeDraft({ step: next })
    setWanted(firstFields[next])
  }
  const create = async (): Promise<void> => {
    if (busy) return
    const [first] = plan.issues
    if (first !== undefined) {
      changeDraft({ step: first.step })
      setWanted(first.field)
      return
    }
    const failed = await createMachine(plan)
    if (failed?.field !== undefined) {
      changeDraft({ step: stepOf(failed.field) })
      setWanted(failed.field)
    }
  }
  const keyed = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && event.ctrlKey) void create()
    else if (event.altKey && event.key === 'ArrowRight') turnTo(step + 1)
    else if (event.altKey && event.key === 'ArrowLeft') turnTo(step - 1)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  // On the window: what had the focus may just have gone.
  useWindowEvent('keydown', keyed, { capture: true })

  return (
    <Modal.Root opened onClose={closeOverlay} size="auto" xOffset={0} yOffset={0} classNames={{ content: 'wz-dialog' }} radius="lg" centered lockScroll={false} transitionProps={{ duration: 90, transition: 'fade' }}>
      <Modal.Overlay color="var(--mf-scrim)" backgroundOpacity={1} />
      <Modal.Content>
        <div className="wz">
          <header className="wz-head" role="presentation">
            <Modal.Title>{text.wizard.title}</Modal.Title>
            <ol className="wz-steps" aria-label={text.wizard.stepsLabel}>
              {steps.map((which) => (
                <li key={which}>
                  <button type="button" className={which < step ? 'wz-done' : ''} aria-current={which === step ? 'step' : undefined} onClick={() => turnTo(which)}>
                    <i aria-hidden>{which + 1}</i>
                    {text.wizard.steps[which]}
                  </button>
                </li>
              ))}
            </ol>
            <IconButton icon={X} name={text.close} onClick={closeOverlay} />
          </header>
          <div className="wz-body">
            <div className="wz-main mf-scroll" ref={body} role="group" aria-label={text.wizard.steps[step]}>
              {failure === undefined ? null : <Note kind="bad" live title={text.wizard.notCreatedYet(plan.name)} actions={<Button size="small" onClick={() => useCreating.setState({ failure: undefined })}>{text.error.dismiss}</Button>}>{failure.error.message} {failure.error.next}</Note>}
              <Step draft={draft} plan={plan} />
            </div>
            <Summary plan={plan} />
          </div>
          <footer className="wz-foot">
            {step === 0 ? null : <Button icon={ArrowLeft} onClick={() => turnTo(step - 1)}>{text.wizard.back}</Button>}
            <Told busy={busy} step={step} issues={plan.issues} stage={building?.stage} progress={building?.progress ?? undefined} />
            <span className="mf-row mf-push">
              <Button
                look="quiet"
                onClick={() => {
                  // What it waits for is not wanted any more; a machine that is being made just now comes all the same.
                  if (busy && building !== undefined) engine.job.cancel({ job: building.id }).catch(() => undefined)
                  plan.appliance?.drop()
                  if (plan.appliance !== undefined) forgetAppliance(plan.appliance.key)
                  forgetDraft()
                  closeOverlay()
                }}
              >
                {text.cancel}
              </Button>
              {step === 2 ? null : <Button onClick={() => turnTo(step + 1)}>{text.wizard.next}<kbd className="mf-kbd mf-wide-only">Alt →</kbd></Button>}
              <Button look="filled" icon={draft.start ? Play : Plus} cannot={busy ? text.wizard.creating : undefined} aria-keyshortcuts="Control+Enter" onClick={() => void create()}>
                {draft.start ? text.wizard.createAndStart : text.wizard.create}
              </Button>
            </span>
          </footer>
        </div>
      </Modal.Content>
    </Modal.Root>
  )
}

function Step({ draft, plan }: { readonly draft: Draft; readonly plan: ReturnType<typeof planMachine> }): React.ReactNode {
  switch (draft.step) {
    case 0: return <ImageStep plan={plan} />
    case 1: return <HardwareStep plan={plan} />
    case 2: return <NetworkStep draft={draft} plan={plan} />
  }
}

interface ToldProps {
  readonly busy: boolean
  readonly step: number
  readonly issues: ReturnType<typeof planMachine>['issues']
  readonly stage: string | undefined
  readonly progress: number | undefined
}

/** What stands beside the buttons: what goes on, what needs somebody, or that nothing does. */
function Told({ busy, step, issues, stage, progress }: ToldProps): React.ReactNode {
  const [first] = issues
  if (busy && stage !== undefined) {
    return (
      <span className="wz-told wz-building mf-sm mf-2" role="status">
        <StateShape shape="busy" />
        <span className="mf-clip">{text.wizard.buildingTiny}: {stage}</span>
        <span className="mf-bar" role="progressbar" aria-label={text.wizard.buildingTiny} aria-valuemin={0} aria-valuemax={100} aria-valuenow={progress === undefined ? undefined : Math.round(progress * 100)}><i style={{ width: `${(progress ?? 0) * 100}%` }} /></span>
      </span>
    )
  }
  if (busy) return <span className="wz-told mf-sm mf-2" role="status"><StateShape shape="busy" /> {text.wizard.creating}</span>
  if (first !== undefined) return <span className="wz-told mf-bad-line" role="status"><StateShape shape="crashed" />{text.wizard.needsYou(issues.length, first.called)}</span>
  return step === 0 ? <span className="wz-told mf-sm mf-3 mf-clip">{text.wizard.canCreateNow}</span> : <span role="status" />
}
