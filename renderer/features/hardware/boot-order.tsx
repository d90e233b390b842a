/**
 * From which devices a machine boots, and in which order: all of them, moved by buttons, by keys
 * on the grip, or by dragging. What is not in the list is not booted from.
 */
import { ArrowDown, ArrowUp, Disc3, GripVertical, HardDrive, Network, Plus, X } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useRef, useState } from 'react'
import type { MachineConfig, MachineDetails } from '../../../contract/machine.ts'
import { engine } from '../../state/connection.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { When } from '../../ui/when.tsx'
import { moved } from './moved.ts'

type Device = MachineConfig['disks'][number] | MachineConfig['cdroms'][number] | MachineConfig['nics'][number]

interface Bootable {
  readonly id: Device['id']
  readonly icon: LucideIcon
  readonly name: string
  readonly bootIndex: number | undefined
}

/** Everything the firmware could boot from, those it does in their order, then the others. */
function bootables({ disks, cdroms, nics }: MachineConfig): readonly Bootable[] {
  const all: Bootable[] = [
    ...disks.map(({ id, label, bootIndex }) => ({ id, icon: HardDrive, name: label === '' ? id : label, bootIndex })),
    ...cdroms.map(({ id, bootIndex }) => ({ id, icon: Disc3, name: cdroms.length === 1 ? text.hardware.cdName : `${text.hardware.cdName} ${id}`, bootIndex })),
    ...nics.map(({ id, bootIndex }) => ({ id, icon: Network, name: nics.length === 1 ? text.hardware.nicName : `${text.hardware.nicName} ${id}`, bootIndex })),
  ]
  return all.toSorted((a, b) => (a.bootIndex ?? Number.POSITIVE_INFINITY) - (b.bootIndex ?? Number.POSITIVE_INFINITY))
}

/** In words: the devices that are booted from, first to last. */
export function bootOrderWords(config: MachineConfig): string {
  const order = bootables(config).filter(({ bootIndex }) => bootIndex !== undefined)
  return order.length === 0 ? text.hardware.noBootOrder : order.map(({ name }) => name).join(', ')
}

/** Whether there is anything to put into an order. */
export function hasBootOrder({ disks, cdroms, nics, directBoot }: MachineConfig): boolean {
  return directBoot === undefined && disks.length + cdroms.length + nics.length > 0
}

interface BootOrderProps {
  readonly machine: string
  readonly config: MachineConfig
  readonly later: boolean
  /** Makes the change; resolves to whether it was made. */
  readonly change: (doing: string, call: () => Promise<MachineDetails>) => Promise<boolean>
  readonly onClose: () => void
}

export function BootOrder({ machine, config, later, change, onClose }: BootOrderProps): React.ReactNode {
  const all = bootables(config)
  const [order, setOrder] = useState<readonly string[]>(() => all.filter(({ bootIndex }) => bootIndex !== undefined).map(({ id }) => id))
  const [dragged, setDragged] = useState<string>()
  const list = useRef<HTMLOListElement>(null)
  const words = text.bootOrder
  const others = all.filter(({ id }) => !order.includes(id))

  function move(from: number, to: number): void {
    setOrder(moved(order, from, to))
    // The focus goes along with what was moved.
    const kept = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['act'] : undefined
    if (kept !== undefined) requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>(`[data-act=${kept}]`)[Math.min(Math.max(to, 0), order.length - 1)]?.focus())
  }
  function keyed(event: React.KeyboardEvent, index: number): void {
    const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: order.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    move(index, to)
  }

  return (
    <form
      className="hw-order"
      aria-label={text.hardware.bootOrder}
      onSubmit={(event) => {
        event.preventDefault()
        void change(text.hardware.bootOrder, () => engine.machine.setBootOrder({ machine, devices: [...order] })).then((done) => (done ? onClose() : undefined))
      }}
    >
      <ol ref={list}>
        {order.map((id, index) => {
          const device = all.find((candidate) => candidate.id === id)
          if (device === undefined) return null
          const { icon: Icon, name } = device
          return (
            <li
              key={id}
              className={dragged === id ? 'hw-dragged' : ''}
              draggable
              onDragStart={(event) => {
                event.dataTransfer.effectAllowed = 'move'
                event.dataTransfer.setData('text/plain', name)
                setDragged(id)
              }}
              onDragOver={(event) => {
                const from = order.findIndex((other) => other === dragged)
                if (from < 0) return
                event.preventDefault()
                if (from !== index) setOrder(moved(order, from, index))
              }}
              onDrop={(event) => event.preventDefault()}
              onDragEnd={() => setDragged(undefined)}
            >
              <IconButton size="small" icon={GripVertical} data-act="grip" name={words.grip(name)} onKeyDown={(event) => keyed(event, index)} />
              <span className="hw-place">{index + 1}</span>
              <Icon size={16} strokeWidth={1.75} aria-hidden className="mf-icon mf-2" />
              <span className="mf-grow mf-clip">{name}</span>
              <IconButton size="small" icon={ArrowUp} data-act="up" name={words.up(name)} cannot={index === 0 ? words.isFirst : undefined} onClick={() => move(index, index - 1)} />
              <IconButton size="small" icon={ArrowDown} data-act="down" name={words.down(name)} cannot={index === order.length - 1 ? words.isLast : undefined} onClick={() => move(index, index + 1)} />
              <IconButton size="small" icon={X} name={words.leaveOut(name)} onClick={() => setOrder(order.filter((other) => other !== id))} />
            </li>
          )
        })}
      </ol>
      {order.length === 0 ? <p className="mf-sm mf-3">{words.none}</p> : null}
      {others.length === 0 ? null : (
        <>
          <p className="mf-sm mf-3">{words.others}</p>
          <ul>
            {others.map(({ id, icon: Icon, name }) => (
              <li key={id}>
                <span className="hw-place" />
                <Icon size={16} strokeWidth={1.75} aria-hidden className="mf-icon mf-2" />
                <span className="mf-grow mf-clip mf-2">{name}</span>
                <Button size="small" look="quiet" icon={Plus} onClick={() => setOrder([...order, id])}>{words.bootFrom(name)}</Button>
              </li>
            ))}
          </ul>
        </>
      )}
      <span className="hw-order-foot">
        <span className="mf-sm mf-3 mf-grow" role="status">{order.length === 0 ? '' : words.now(order.map((id) => all.find((device) => device.id === id)?.name ?? id).join(', '))}</span>
        <When later={later} />
        <Button onClick={onClose}>{text.cancel}</Button>
        <Button type="submit">{text.hardware.apply}</Button>
      </span>
    </form>
  )
}
