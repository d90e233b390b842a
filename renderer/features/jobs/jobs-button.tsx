/** The jobs that run, in the title bar; its tray is loaded when it is first opened. */
import { Popover } from '@mantine/core'
import { ListChecks } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'
import { useMirror } from '../../state/mirror.ts'
import { text } from '../../text/text.ts'
import { StateShape } from '../../ui/state-shape.tsx'

const JobsTray = lazy(async () => ({ default: (await import('./jobs-tray.tsx')).JobsTray }))

export function JobsButton(): React.ReactNode {
  const [opened, setOpened] = useState(false)
  const running = useMirror(({ jobs }) => jobs.filter(({ state }) => state === 'running').length)
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={440} trapFocus shadow="none">
      <Popover.Target>
        <button type="button" className="mf-btn mf-btn-quiet" aria-pressed={opened} aria-label={running === 0 ? text.nav.jobs : text.nav.jobsRunning(running)} onClick={() => setOpened(!opened)}>
          {running === 0 ? <ListChecks size={16} strokeWidth={1.75} aria-hidden /> : <StateShape shape="busy" />}
          <span className="mf-wide-only">{running === 0 ? text.nav.jobs : text.nav.jobsRunning(running)}</span>
        </button>
      </Popover.Target>
      <Popover.Dropdown aria-label={text.nav.jobs}><Suspense fallback={<div className="jobs" aria-busy />}><JobsTray onClose={() => setOpened(false)} /></Suspense></Popover.Dropdown>
    </Popover>
  )
}
