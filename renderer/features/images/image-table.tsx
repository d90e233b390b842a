/** One row an image. */
import { Disc3, HardDrive, Plus, SquareTerminal, Trash2 } from 'lucide-react'
import type { Image } from '../../../contract/image.ts'
import { useNow } from '../../state/now.ts'
import { openOverlay } from '../../state/overlay.ts'
import { text } from '../../text/text.ts'
import { formatWhen } from '../../text/time.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { MiddleClip } from '../../ui/middle-clip.tsx'
import { formatBytes } from '../../ui/size-text.ts'
import { StateShape } from '../../ui/state-shape.tsx'

const icons = { kernel: SquareTerminal, disk: HardDrive, iso: Disc3 } as const

export function ImageTable({ images, onRemove }: { readonly images: readonly Image[]; readonly onRemove: (image: Image) => void }): React.ReactNode {
  const now = useNow()
  return (
    <table className="mf-table im-table" aria-label={text.images.list}>
      <thead>
        <tr>
          <th scope="col">{text.images.name}</th><th scope="col" className="im-kind">{text.images.kind}</th><th scope="col" className="im-size">{text.images.size}</th><th scope="col" className="im-used">{text.images.usedBy}</th><th scope="col" className="im-when mf-wide-only">{text.images.added}</th><td className="im-do" />
        </tr>
      </thead>
      <tbody>{images.map((image) => <Row key={image.id} image={image} now={now} onRemove={onRemove} />)}</tbody>
    </table>
  )
}

function Row({ image, now, onRemove }: { readonly image: Image; readonly now: number; readonly onRemove: (image: Image) => void }): React.ReactNode {
  const { id, name, kind, sizeBytes, virtualBytes, usedBy, createdAt, broken, origin } = image
  const Icon = icons[kind]
  return (
    <tr>
      <th scope="row">
        <span className="mf-row">
          <Icon size={16} strokeWidth={1.75} aria-hidden />
          <span className="mf-clip im-name"><b><MiddleClip text={name} /></b>{broken === null ? (origin === name ? null : <span className="mf-3 mf-sm mf-clip" title={origin}>{origin}</span>) : <span className="mf-bad-line"><StateShape shape="crashed" />{broken}</span>}</span>
        </span>
      </th>
      <td className="mf-2">{text.images.kinds[kind]}</td>
      <td>{formatBytes(sizeBytes)}{virtualBytes === null || kind !== 'disk' ? null : <span className="mf-3 mf-sm im-virtual">{text.images.guestSees(formatBytes(virtualBytes))}</span>}</td>
      <td className={usedBy.length === 0 ? 'mf-3' : ''} title={usedBy.join(', ')}>{usedBy.length === 0 ? text.images.nobody : usedBy.length === 1 ? <span className="mf-clip im-users">{usedBy[0]}</span> : <><span>{text.images.users(usedBy.length)}</span><span className="mf-3 mf-sm mf-clip im-users">{usedBy.join(', ')}</span></>}</td>
      <td className="mf-3 mf-wide-only">{formatWhen(createdAt, now)}</td>
      <td>
        <span className="im-actions">
          <Button size="small" look="quiet" icon={Plus} aria-label={text.images.newMachineOf(name)} cannot={broken === null ? undefined : text.wizard.brokenImage} onClick={() => openOverlay({ kind: 'wizard', image: id })}><span className="im-new">{text.images.newMachine}</span></Button>
          <IconButton size="small" icon={Trash2} danger name={text.images.removeOf(name)} onClick={() => onRemove(image)} />
        </span>
      </td>
    </tr>
  )
}
