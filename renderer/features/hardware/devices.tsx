/** The devices, one a row: what it is, when a change to it applies, and what can be done. */
import { Menu } from '@mantine/core'
import { Disc3, HardDrive, Hourglass, ListOrdered, MemoryStick, Monitor, Network, Plus, Shield, Trash2, Usb, Volume2 } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useState } from 'react'
import type { MachineConfig, MachineDetails, MachineSummary } from '../../../contract/machine.ts'
import type { MachineChanges } from '../../../contract/procedures/machine.ts'
import { engine } from '../../state/connection.ts'
import { useHost } from '../../state/host.ts'
import { isOn } from '../../state/machine-looks.ts'
import { useMirror } from '../../state/mirror.ts'
import { go } from '../../state/place.ts'
import { useChange } from '../../state/use-change.ts'
import { text } from '../../text/text.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes, formatMiB } from '../../ui/size-text.ts'
import { When } from '../../ui/when.tsx'
import { AddDisk } from './add-disk.tsx'
import { nameOf, RemoveDisk } from './remove-disk.tsx'
import { BootOrder, bootOrderWords, hasBootOrder } from './boot-order.tsx'

interface DevicesProps {
  readonly machine: MachineSummary
  readonly config: MachineConfig
  readonly details: MachineDetails
}

const displays = ['virtio-vga', 'std', 'none'] as const
const diskCaches = { safe: '', direct: text.hardware.cacheDirect, unsafe: text.hardware.cacheUnsafe } as const

export function Devices({ machine, config, details }: DevicesProps): React.ReactNode {
  const images = useMirror(({ images }) => images)
  const { change, problem, busy } = useChange()
  const [addingDisk, setAddingDisk] = useState(false)
  const [removing, setRemoving] = useState<string>()
  const [ordering, setOrdering] = useState(false)
  const on = isOn(machine.state)
  const removed = config.disks.find(({ id }) => id === removing)
  const discs = images.filter(({ kind, broken }) => kind === 'iso' && broken === null)
  const set = (doing: string, changes: MachineChanges): void => void change(doing, () => engine.machine.set({ machine: machine.id, ...changes }))

  return (
    <section>
      <h2 className="mf-h">
        {text.hardware.devices}
        <span className="mf-push">
          <Menu>
            <Menu.Target><Button size="small" icon={Plus} aria-busy={busy}>{text.hardware.add}</Button></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<HardDrive size={16} aria-hidden />} onClick={() => setAddingDisk(true)}>{text.hardware.disk}</Menu.Item>
              <Menu.Item leftSection={<Network size={16} aria-hidden />} onClick={() => void change(text.hardware.nic, () => engine.nic.add({ machine: machine.id }))}>{text.hardware.nic}</Menu.Item>
              {config.tpm ? null : <Menu.Item leftSection={<Shield size={16} aria-hidden />} onClick={() => set(text.hardware.tpm, { tpm: true })}>{text.hardware.tpm}</Menu.Item>}
              {config.watchdog === undefined ? <Menu.Item leftSection={<Hourglass size={16} aria-hidden />} onClick={() => set(text.hardware.watchdog, { watchdog: { model: 'i6300esb', action: 'reset' } })}>{text.hardware.watchdog}</Menu.Item> : null}
            </Menu.Dropdown>
          </Menu>
        </span>
      </h2>
      {problem === undefined ? null : <div className="mf-bad-line hw-problem" role="alert">{problem.error.message} {problem.error.next ?? ''}</div>}
      {addingDisk ? <AddDisk machine={machine} onClose={() => setAddingDisk(false)} /> : null}
      <ul className="mf-list hw-devices">
        {config.disks.map((disk) => {
          const usage = details.disks.find(({ id }) => id === disk.id)
          return (
            <Row key={disk.id} icon={HardDrive} name={text.hardware.diskName(nameOf(disk))} later={false}
              facts={[formatMiB(disk.sizeMiB), usage === undefined ? '' : text.hardware.used(formatBytes(usage.allocatedBytes), usage.layers), disk.bus, diskCaches[disk.cache], disk.readOnly ? text.hardware.readOnly : '']}>
              <IconButton size="small" icon={Trash2} name={text.hardware.removeDisk(nameOf(disk))} cannot={on ? text.hardware.removeOff : undefined} onClick={() => setRemoving(disk.id)} />
            </Row>
          )
        })}
        {config.cdroms.map((drive) => {
          const image = images.find(({ id }) => id === drive.image)
          return (
            <Row key={drive.id} icon={Disc3} name={text.hardware.cdName} later={false} facts={[image === undefined ? (drive.image === null ? text.hardware.empty : text.hardware.discGone) : `${image.name}, ${formatBytes(image.sizeBytes)}`]}>
              <Menu>
                <Menu.Target><Button size="small" look="quiet" cannot={discs.length === 0 ? text.hardware.noDiscs : undefined}>{drive.image === null ? text.hardware.insert : text.hardware.changeDisc}</Button></Menu.Target>
                <Menu.Dropdown>{discs.map((disc) => <Menu.Item key={disc.id} onClick={() => void change(text.hardware.insert, () => engine.cdrom.insert({ machine: machine.id, image: disc.id, drive: drive.id }))}>{disc.name}</Menu.Item>)}</Menu.Dropdown>
              </Menu>
              {drive.image === null ? null : <Button size="small" look="quiet" onClick={() => void change(text.hardware.eject, () => engine.cdrom.eject({ machine: machine.id, drive: drive.id }))}>{text.hardware.eject}</Button>}
            </Row>
          )
        })}
        {config.nics.map((nic) => (
          <Row key={nic.id} icon={Network} name={text.hardware.nicName} later={false} facts={[nic.model, text.hardware.forwards(nic.network.forwards.length), nic.connected ? text.hardware.cableIn : text.hardware.cableOut]}>
            <Button size="small" look="quiet" onClick={() => void change(text.network.cable(!nic.connected), () => engine.nic.connect({ machine: machine.id, nic: nic.id, connected: !nic.connected }))}>{text.network.cable(!nic.connected)}</Button>
            <Button size="small" look="quiet" onClick={() => go({ view: 'machines', machine: machine.id, tab: 'network' })}>{text.hardware.edit}</Button>
          </Row>
        ))}
        <Row icon={Monitor} name={text.hardware.display} later={on} facts={[text.hardware.displays[config.display.model]]}>
          <Menu>
            <Menu.Target><Button size="small" look="quiet">{text.hardware.edit}</Button></Menu.Target>
            <Menu.Dropdown>{displays.map((model) => <Menu.RadioItem key={model} value={model} checked={config.display.model === model} closeMenuOnClick onChange={() => set(text.hardware.display, { display: { model } })}>{text.hardware.displays[model]}</Menu.RadioItem>)}</Menu.Dropdown>
          </Menu>
        </Row>
        {config.profile === 'micro' ? null : <SoundRow config={config} later={on} set={set} />}
        {config.usb.controller ? <Row icon={Usb} name="USB" facts={[config.usb.tablet ? text.hardware.tablet : text.hardware.noTablet]} /> : null}
        <Row icon={MemoryStick} name={text.hardware.balloon} later={on} facts={[config.balloon ? text.hardware.balloonOn : text.hardware.balloonOff]}>
          <Button size="small" look="quiet" onClick={() => set(text.hardware.balloon, { balloon: !config.balloon })}>{config.balloon ? text.hardware.remove : text.hardware.addOne}</Button>
        </Row>
        {config.tpm ? <Row icon={Shield} name="TPM" later={on} facts={['2.0']}><Button size="small" look="quiet" danger onClick={() => set(text.hardware.removeTpm, { tpm: false })}>{text.hardware.remove}</Button></Row> : null}
        {config.watchdog === undefined ? null : <Row icon={Hourglass} name={text.hardware.watchdog} later={on} facts={[text.hardware.watchdogDoes[config.watchdog.action]]}><Button size="small" look="quiet" danger onClick={() => set(text.hardware.removeWatchdog, { watchdog: null })}>{text.hardware.remove}</Button></Row>}
        {config.profile === 'micro' ? null : (
          <Row icon={Shield} name={text.hardware.firmware} later={on} facts={[text.hardware.firmwares[config.firmware.kind], config.firmware.kind === 'uefi' ? (config.firmware.secureBoot ? text.hardware.secureBoot : text.hardware.noSecureBoot) : '']}>
            <Menu>
              <Menu.Target><Button size="small" look="quiet">{text.hardware.edit}</Button></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item disabled={config.firmware.kind === 'bios'} onClick={() => set(text.hardware.firmware, { firmware: { kind: 'bios', secureBoot: false } })}>{text.hardware.firmwares.bios}</Menu.Item>
                <Menu.Item disabled={config.firmware.kind === 'uefi' && !config.firmware.secureBoot} onClick={() => set(text.hardware.firmware, { firmware: { kind: 'uefi', secureBoot: false } })}>{text.hardware.firmwares.uefi}</Menu.Item>
                <Menu.Item disabled={config.firmware.secureBoot} onClick={() => set(text.hardware.firmware, { firmware: { kind: 'uefi', secureBoot: true } })}>{text.hardware.firmwares.uefi}, {text.hardware.secureBoot}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Row>
        )}
        <Row icon={ListOrdered} name={text.hardware.bootOrder} {...(config.directBoot === undefined ? { later: on } : {})} facts={[config.directBoot === undefined ? bootOrderWords(config) : text.hardware.directBoot]}>
          {hasBootOrder(config) ? <Button size="small" look="quiet" aria-expanded={ordering} onClick={() => setOrdering(!ordering)}>{text.hardware.edit}</Button> : null}
        </Row>
        {ordering ? <li><BootOrder machine={machine.id} config={config} later={on} change={change} onClose={() => setOrdering(false)} /></li> : null}
      </ul>
      {removed === undefined ? null : <RemoveDisk machine={machine} disk={removed} usage={details.disks.find(({ id }) => id === removing)} onClose={() => setRemoving(undefined)} />}
    </section>
  )
}

function SoundRow({ config, later, set }: { readonly config: MachineConfig; readonly later: boolean; readonly set: (doing: string, changes: MachineChanges) => void }): React.ReactNode {
  const { host } = useHost()
  const on = config.sound === 'on'
  const heard = host === undefined || !on ? '' : host.sound.audible ? text.hardware.heardThrough(text.hardware.outlets[host.sound.backend ?? ''] ?? '') : text.hardware.notHeard
  return (
    <>
      <Row icon={Volume2} name={text.hardware.sound} later={later} facts={[text.hardware.sounds[config.sound], heard]}>
        <Button size="small" look="quiet" danger={on} aria-label={on ? text.hardware.removeSound : undefined} onClick={() => set(text.hardware.sound, { sound: on ? 'none' : 'on' })}>{on ? text.hardware.remove : text.hardware.addOne}</Button>
      </Row>
      {on && host !== undefined && !host.sound.audible ? <li className="hw-note"><Note kind="note" title={text.hardware.notHeardTitle}><p>{host.sound.reason} {host.sound.remedy ?? ''}</p></Note></li> : null}
    </>
  )
}

interface RowProps {
  readonly icon: LucideIcon
  readonly name: string
  readonly facts: readonly string[]
  /** Undefined where nothing of it can be changed. */
  readonly later?: boolean
  readonly children?: React.ReactNode
}

function Row({ icon: Icon, name, facts, later, children }: RowProps): React.ReactNode {
  return (
    <li>
      <Icon size={16} strokeWidth={1.75} aria-hidden className="mf-icon mf-2" />
      <b className="hw-name mf-clip">{name}</b>
      <span className="mf-grow mf-2 mf-clip">{facts.filter((fact) => fact !== '').join(', ')}</span>
      <span className="hw-when">{later === undefined ? null : <When later={later} />}</span>
      <span className="hw-acts">{children}</span>
    </li>
  )
}
