/** Ports that lead into the guest, and what a machine may have besides. */
import { Switch } from '@mantine/core'
import { ArrowRight, Plus, X } from 'lucide-react'
import { useHost } from '../../state/host.ts'
import { useMirror } from '../../state/mirror.ts'
import { parseListen, parsePort } from '../../state/ports.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { StateShape } from '../../ui/state-shape.tsx'
import { changeDraft } from './draft.ts'
import type { Draft, ForwardDraft } from './draft.ts'
import { Remedy } from './hardware-step.tsx'
import { anotherForward } from './plan-forwards.ts'
import type { Plan } from './plan.ts'

export function NetworkStep({ draft, plan }: { readonly draft: Draft; readonly plan: Plan }): React.ReactNode {
  const { host } = useHost()
  const machines = useMirror(({ machines }) => machines)
  const { forwards, use } = plan
  const change = (key: number, to: Partial<ForwardDraft>): void => changeDraft({ forwards: forwards.map((forward) => (forward.key === key ? { ...forward, suggested: false, ...to } : forward)) })
  const micro = use === 'micro' ? text.wizard.microHasNone : plan.appliance === undefined ? undefined : text.appliance.asItSays
  const never = plan.appliance === undefined ? undefined : text.appliance.noThrowaway
  return (
    <>
      <h3 className="wz-sub">{text.wizard.network}</h3>
      <p className="wz-network mf-sm mf-3">{text.wizard.networkMeans}</p>
      {forwards.length === 0 ? null : (
        <div role="group" aria-label={text.wizard.network}>
          <div className="wz-forward wz-forward-head mf-sm mf-3" aria-hidden>
            <span>{text.wizard.here}</span><span /><span>{text.wizard.inGuest}</span><span>{text.wizard.protocol}</span><span>{text.wizard.forWhat}</span><span />
          </div>
          {forwards.map((forward) => <Forward key={forward.key} forward={forward} plan={plan} onChange={(to) => change(forward.key, to)} onRemove={() => changeDraft({ forwards: forwards.filter(({ key }) => key !== forward.key) })} />)}
        </div>
      )}
      <Button name="add-forward" className="wz-add" look="quiet" size="small" icon={Plus} onClick={() => changeDraft({ forwards: [...forwards, anotherForward(forwards, machines)] })}>{text.wizard.addForward}</Button>
      <h3 className="wz-sub wz-extras">{text.wizard.extras}</h3>
      <ul className="mf-list wz-list">
        <Extra name="uefi" title={text.wizard.uefi} means={text.wizard.uefiMeans} on={plan.uefi} cannot={micro ?? (host?.firmware.uefi === false ? text.wizard.uefiMissing : undefined)} onChange={(uefi) => changeDraft(uefi ? { uefi } : { uefi, secureBoot: undefined })} />
        <Extra name="secureBoot" title={text.wizard.secureBoot} means={text.wizard.secureBootMeans} on={plan.secureBoot} cannot={micro ?? (host?.firmware.secureBoot === false ? text.wizard.secureBootMissing : plan.uefi ? undefined : text.wizard.secureBootNeeds)} onChange={(secureBoot) => changeDraft({ secureBoot })} />
        <Extra name="tpm" title={text.wizard.tpm} means={text.wizard.tpmMeans} on={plan.tpm} cannot={micro ?? (host?.tpm === false ? text.wizard.tpmMissing : undefined)} onChange={(tpm) => changeDraft({ tpm })} />
        <Extra name="throwaway" title={text.wizard.throwaway} means={text.wizard.throwawayMeans} on={draft.throwaway && never === undefined} cannot={never} onChange={(throwaway) => changeDraft({ throwaway })} />
        <Extra name="start" title={text.wizard.startNow} means={text.wizard.startNowMeans} on={draft.start} cannot={undefined} onChange={(start) => changeDraft({ start })} />
      </ul>
    </>
  )
}

interface ForwardProps {
  readonly forward: ForwardDraft
  readonly plan: Plan
  readonly onChange: (to: Partial<ForwardDraft>) => void
  readonly onRemove: () => void
}

function Forward({ forward, plan, onChange, onRemove }: ForwardProps): React.ReactNode {
  const { key, listen, guest, protocol, suggested } = forward
  const here = plan.issues.find(({ field }) => field === `listen-${key}`)
  const inside = plan.issues.find(({ field }) => field === `guest-${key}`)
  const issue = here ?? inside
  const told = `wz-forward-${key}-told`
  const address = parseListen(listen)?.hostAddress
  const note = address !== undefined && address !== '127.0.0.1' && !address.startsWith('127.') ? text.wizard.openToOthers : undefined
  const service = text.wizard.services[parsePort(guest) ?? 0]
  return (
    <>
      <div className="wz-forward">
        <span className={here === undefined ? 'mf-field mf-mono' : 'mf-field mf-field-bad mf-mono'}><input type="text" name={`listen-${key}`} aria-label={text.wizard.here} value={listen} aria-invalid={here !== undefined} aria-describedby={told} spellCheck={false} autoComplete="off" onChange={({ target }) => onChange({ listen: target.value })} /></span>
        <span className="mf-3" aria-hidden><ArrowRight size={14} strokeWidth={1.75} /></span>
        <span className={inside === undefined ? 'mf-field mf-mono' : 'mf-field mf-field-bad mf-mono'}><input type="text" name={`guest-${key}`} aria-label={text.wizard.inGuest} value={guest} inputMode="numeric" aria-invalid={inside !== undefined} aria-describedby={told} autoComplete="off" onChange={({ target }) => onChange({ guest: target.value })} /></span>
        <span>
          <select className="wz-protocol" aria-label={text.wizard.protocol} value={protocol} onChange={({ target }) => onChange({ protocol: target.value === 'udp' ? 'udp' : 'tcp' })}><option value="tcp">TCP</option><option value="udp">UDP</option></select>
        </span>
        <span className="mf-2 mf-clip">{service === undefined ? '' : suggested ? text.wizard.suggested(service) : service}</span>
        <span><IconButton icon={X} size="small" name={text.wizard.removeForward(listen)} onClick={onRemove} /></span>
      </div>
      <div id={told} className="wz-forward-told" role="status">
        {issue === undefined ? null : <span className="mf-bad-line"><StateShape shape="crashed" />{issue.message}<Remedy issue={issue} /></span>}
        {issue === undefined && note !== undefined ? <span className="wz-warned mf-sm"><StateShape shape="warning" /> {note}</span> : null}
      </div>
    </>
  )
}

interface ExtraProps {
  readonly name: string
  readonly title: string
  readonly means: string
  readonly on: boolean
  /** Why it cannot be switched. */
  readonly cannot: string | undefined
  readonly onChange: (on: boolean) => void
}

function Extra({ name, title, means, on, cannot, onChange }: ExtraProps): React.ReactNode {
  const id = `wz-extra-${name}`
  return (
    <li>
      <span className="mf-grow"><label htmlFor={id}><b>{title}</b></label><br /><span id={`${id}-means`} className="mf-3 mf-sm">{cannot ?? means}</span></span>
      <Switch id={id} name={name} checked={on} aria-describedby={`${id}-means`} disabled={cannot !== undefined} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
    </li>
  )
}
