/** What the machine will be, what it takes from the host, and the same as a command line. */
import { Power } from 'lucide-react'
import { useHost } from '../../state/host.ts'
import { text } from '../../text/text.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { commandText, createCommand, importCommand } from './create-command.ts'
import type { Plan } from './plan.ts'

export function Summary({ plan }: { readonly plan: Plan }): React.ReactNode {
  const { image, buildsTiny, name, use, cpus, memory, disk, request, issues } = plan
  const command = commandText(plan.appliance === undefined ? createCommand(request, { imageName: buildsTiny ? 'tiny' : image?.name, buildsTiny }) : importCommand(request, plan.appliance.path ?? plan.appliance.fileName))
  const firmware = plan.uefi ? `UEFI${plan.secureBoot ? ', Secure Boot' : ''}${plan.tpm ? ', TPM' : ''}` : text.wizard.bios + (plan.tpm ? ', TPM' : '')
  return (
    <section className="wz-summary" aria-label={text.wizard.summary}>
      <div className="mf-row"><span className="mf-thumb mf-thumb-off wz-thumb"><Power size={14} strokeWidth={1.75} aria-hidden /></span><div className="mf-clip"><b className="wz-title"><MiddleClip text={name} /></b><div className="mf-3 mf-sm">{text.wizard.notCreated}</div></div></div>
      <dl className="mf-dl">
        <dt>{text.wizard.image}</dt><dd>{plan.appliance !== undefined ? text.appliance.fromFile(plan.appliance.fileName) : buildsTiny ? text.wizard.tinyTitle : image === undefined ? text.wizard.noImage : `${image.name}, ${formatBytes(image.sizeBytes)}`}</dd>
        <dt>{text.wizard.madeFor}</dt><dd>{plan.appliance === undefined ? text.wizard.madeForShort[use] : text.appliance.anySystem}{use === 'micro' ? '' : `, ${firmware}`}</dd>
        <dt>{text.wizard.size}</dt><dd>{text.wizard.sizeOf(text.machine.cpus(cpus.value ?? 0), memory.value === undefined ? '?' : formatMiB(memory.value), disk.value === undefined ? '?' : formatMiB(disk.value))}</dd>
        <dt>{text.wizard.network}</dt><dd>{text.wizard.userNetwork}</dd>
        <dt>{text.wizard.reach}</dt>
        <dd>
          {plan.forwards.length === 0 ? text.wizard.noPorts : plan.forwards.map(({ key, listen, guest, protocol }) => {
            const bad = issues.find(({ field }) => field === `listen-${key}` || field === `guest-${key}`)
            return <div key={key} className={bad === undefined ? '' : 'wz-bad'}><span className="mf-mono">{listen}</span> {text.wizard.toGuest(guest)}{protocol === 'udp' ? ', UDP' : ''}</div>
          })}
        </dd>
      </dl>
      <HostShare plan={plan} />
      <div className="wz-command">
        <div className="mf-row mf-sm mf-3">{text.wizard.sameCommand}<span className="mf-push"><CopyButton size="small" text={command} name={text.wizard.copyCommand} copiedWord={text.copied} /></span></div>
        <code className="mf-cli" tabIndex={0} aria-label={text.wizard.sameCommand}>{command}</code>
      </div>
    </section>
  )
}

/** How much of the host's memory is promised when this machine runs too. */
function HostShare({ plan }: { readonly plan: Plan }): React.ReactNode {
  const { host } = useHost()
  const { zones, value = 0 } = plan.memory
  if (host === undefined || zones === undefined) return null
  const others = zones.promised.reduce((sum, part) => sum + part, 0)
  return (
    <div>
      <div className="mf-row mf-sm"><span className="mf-2">{text.wizard.memoryPromised}</span><span className="mf-push">{text.wizard.of(formatMiB(others + value), formatMiB(zones.warnedTo))}</span></div>
      <div className="wz-share" aria-hidden><i className="wz-share-others" style={{ flexGrow: others }} /><i className="wz-share-own" style={{ flexGrow: value }} /><i className="wz-share-free" style={{ flexGrow: Math.max(0, zones.warnedTo - others - value) }} /></div>
    </div>
  )
}
