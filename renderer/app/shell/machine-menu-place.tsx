/** The context menu of a machine. */
import { Menu } from '@mantine/core'
import { MachineMenuItems } from '../machine/machine-menu-items.tsx'
import { useFocusBack } from '../../state/focus-back.ts'
import { openMachineMenu, useMachineMenu } from '../../state/machine-menu.ts'
import { useMachine } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'

export function MachineMenuPlace(): React.ReactNode {
  const menu = useMachineMenu(({ menu }) => menu)
  const machine = useMachine(menu?.machine)
  useFocusBack(menu !== undefined)
  if (menu === undefined || machine === undefined) return null
  return (
    <Menu opened onChange={(opened) => (opened ? undefined : openMachineMenu(undefined))} position="bottom-start">
      <Menu.Target><span aria-hidden style={{ position: 'fixed', left: menu.x, top: menu.y }} /></Menu.Target>
      <Menu.Dropdown aria-label={text.machine.actions(machine.name)}><MachineMenuItems machine={machine} all /></Menu.Dropdown>
    </Menu>
  )
}
