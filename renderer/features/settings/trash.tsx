/** Deleted machines: they can come back until the trash is emptied. */
import { Menu } from '@mantine/core'
import { Undo2 } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { MayflyError } from '../../../contract/errors.ts'
import { engine } from '../../state/connection.ts'
import { toMayflyError } from '../../state/failure.ts'
import { useMirror } from '../../state/mirror.ts'
import { useNow } from '../../state/now.ts'
import { text } from '../../text/text.ts'
import { formatWhen } from '../../text/time.ts'
import { Button } from '../../ui/button.tsx'
import { Note } from '../../ui/note.tsx'
import { formatBytes } from '../../ui/size-text.ts'

type TrashEntry = Awaited<ReturnType<typeof engine.trash.list>>[number]

export function Trash(): React.ReactNode {
  const [entries, setEntries] = useState<readonly TrashEntry[]>()
  const [error, setError] = useState<MayflyError>()
  const now = useNow()
  // What is deleted or comes back changes how many machines there are.
  const machines = useMirror(({ machines }) => machines.length)
  const phase = useMirror(({ phase }) => phase)
  const fetchEntries = useCallback(async () => {
    try {
      setEntries(await engine.trash.list({}))
      setError(undefined)
    } catch (failure) {
      setError(toMayflyError(failure))
    }
  }, [])
  useEffect(() => {
    if (phase === 'live') void fetchEntries()
  }, [phase, machines, fetchEntries])

  async function change(call: () => Promise<unknown>): Promise<void> {
    try {
      await call()
      await fetchEntries()
    } catch (failure) {
      setError(toMayflyError(failure))
    }
  }
  const size = (entries ?? []).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return (
    <section id="settings-trash">
      <h2 className="mf-h">
        {text.settings.trash}
        <small>{entries === undefined ? '' : entries.length === 0 ? text.settings.trashEmpty : text.settings.trashHolds(entries.length, formatBytes(size))}</small>
        {entries === undefined || entries.length === 0 ? null : (
          <span className="mf-push">
            <Menu>
              <Menu.Target><Button size="small" danger>{text.settings.empty}</Button></Menu.Target>
              <Menu.Dropdown><Menu.Item data-danger onClick={() => void change(() => engine.trash.empty({}))}>{text.settings.emptyAll(entries.length, formatBytes(size))}</Menu.Item></Menu.Dropdown>
            </Menu>
          </span>
        )}
      </h2>
      {error === undefined ? null : <Note kind="bad" title={text.settings.trashFailed} live><p>{error.message} {error.next ?? ''}</p></Note>}
      <ul className="mf-list">
        {(entries ?? []).map((entry) => (
          <li key={`${entry.id} ${entry.deletedAt}`}>
            <b className="mf-clip">{entry.name}</b>
            <span className="mf-3 mf-sm">{text.settings.deleted(formatWhen(entry.deletedAt, now), formatBytes(entry.sizeBytes))}</span>
            <span className="mf-push"><Button size="small" look="quiet" icon={Undo2} onClick={() => void change(() => engine.trash.restore({ machine: entry.id }))}>{text.settings.restore}</Button></span>
          </li>
        ))}
      </ul>
    </section>
  )
}
