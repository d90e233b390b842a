/** While a guest comes up: how far it is, since when, what is usual, and what it wrote last. Slow is never failed. */
import { Menu } from '@mantine/core'
import { Disc3 } from 'lucide-react'
import type { MachineSummary } from '../../../contract/machine.ts'
import { attempt } from '../../state/attempt.ts'
import { hasNothingToBoot, isBooting, restartsAgainAndAgain, useLastLines } from '../../state/boot.ts'
import { bootPhases } from '../../state/boot-phases.ts'
import { engine } from '../../state/connection.ts'
import { useDetails } from '../../state/details.ts'
import { useMirror } from '../../state/mirror.ts'
import { go } from '../../state/place.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatDuration } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { formatMiB } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'
import './starting.css'

const words = text.starting
/** `ready` is where it ends. */
const shown = bootPhases.filter((phase) => phase !== 'ready')
/** Before, it may find something that is not seen from here, such as a server in the network. */
const firmwareLooksForSeconds = 8
/** Less than this is too little for most systems of today. */
const scarceMiB = 256

export function BootStrip({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  // Also because what is too old to be starting ends by itself.
  const now = useNow()
  const { details } = useDetails(machine.id)
  const { bootPhase: phase, usualBootSeconds, startedAt } = machine
  const elapsed = startedAt === null ? 0 : Math.max(0, (now - Date.parse(startedAt)) / 1000)
  if (elapsed > firmwareLooksForSeconds && hasNothingToBoot(machine, details)) return <NothingBoots machine={machine} drive={details?.config?.cdroms[0]?.id} />
  if (!isBooting(machine)) return null
  const at = phase === null ? -1 : bootPhases.indexOf(phase)
  const inVain = restartsAgainAndAgain(machine)
  return (
    <section className="boot" aria-label={words.label(machine.name)}>
      <div className="boot-line">
        <StateShape shape={inVain ? 'warning' : 'busy'} />
        <b role="status">{inVain ? words.again(machine.restartsInMinute) : phase === null ? words.begun : words.phaseNow[phase]}</b>
        <span className="mf-3 boot-time">{formatDuration(elapsed)}{usualBootSeconds === null ? '' : `, ${words.usually(formatDuration(usualBootSeconds))}`}</span>
        <ol className="boot-phases" aria-hidden>
          {shown.map((name, index) => <li key={name} className={index < at ? 'boot-done' : index === at ? 'boot-now' : ''}>{words.phases[name]}</li>)}
        </ol>
      </div>
      {inVain ? (
        <div className="boot-vain mf-sm">
          <p>{machine.memoryMiB < scarceMiB ? words.againMemory(formatMiB(machine.memoryMiB)) : words.againMore}</p>
          {machine.memoryMiB < scarceMiB ? <Button size="small" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'hardware' })}>{words.giveMemory}</Button> : null}
          <Button size="small" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'log' })}>{words.openLog}</Button>
        </div>
      ) : null}
      <LastLines machine={machine} />
    </section>
  )
}

/** Its firmware has looked everywhere. With a disc in the drive it looks again after a reset; there is nothing to lose by one. */
function NothingBoots({ machine, drive }: { readonly machine: MachineSummary; readonly drive: string | undefined }): React.ReactNode {
  const images = useMirror(({ images }) => images)
  const discs = images.filter(({ kind, broken }) => kind === 'iso' && broken === null)
  const boot = (image: string): Promise<unknown> => attempt(machine.id, words.insert, async () => {
    await engine.cdrom.insert({ machine: machine.id, image, ...(drive === undefined ? {} : { drive }) })
    await engine.machine.reset({ machine: machine.id })
  })
  return (
    <section className="boot" aria-label={words.nothing}>
      <div className="boot-vain mf-sm">
        <StateShape shape="warning" />
        <p className="mf-grow"><b role="status">{words.nothing}</b> {words.nothingMore}</p>
        {drive === undefined ? <Button size="small" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'hardware' })}>{words.openHardware}</Button>
          : discs.length === 0 ? <Button size="small" icon={Disc3} onClick={() => go({ view: 'images' })}>{words.addDisc}</Button>
            : (
              <Menu>
                <Menu.Target><Button size="small" icon={Disc3}>{words.insert}</Button></Menu.Target>
                <Menu.Dropdown>{discs.map(({ id, name }) => <Menu.Item key={id} onClick={() => void boot(id)}>{name}</Menu.Item>)}</Menu.Dropdown>
              </Menu>
            )}
      </div>
    </section>
  )
}

function LastLines({ machine }: { readonly machine: MachineSummary }): React.ReactNode {
  const lines = useLastLines(machine)
  return lines.length === 0 ? <p className="mf-sm mf-3">{words.silent}</p> : <pre aria-label={words.lastLines}>{lines.join('\n')}</pre>
}
