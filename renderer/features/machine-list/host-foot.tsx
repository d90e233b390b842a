/** What of this host's memory is promised, below the list. */
import { Tooltip } from '@mantine/core'
import { Server } from 'lucide-react'
import { useHost } from '../../state/host.ts'
import { go } from '../../state/place.ts'
import { text } from '../../text/text.ts'
import { formatBytes } from '../../ui/size-text.ts'

export function HostFoot(): React.ReactNode {
  const { host, error } = useHost()
  return (
    <Tooltip label={host === undefined ? (error?.message ?? text.engine.connecting) : text.list.memoryMeans(formatBytes(host.memoryPromisedBytes), formatBytes(host.memoryAvailableBytes))}>
      <button type="button" className="ml-foot" onClick={() => go({ view: 'doctor' })}>
        <Server size={14} strokeWidth={1.75} aria-hidden />
        <span>{text.list.host}</span>
        {host === undefined ? null : (
          <>
            <span className="ml-meter mf-push" aria-hidden><i style={{ width: `${Math.min(100, (host.memoryPromisedBytes / host.memoryBytes) * 100)}%` }} /></span>
            <span>{text.list.memoryOf(formatBytes(host.memoryPromisedBytes), formatBytes(host.memoryBytes))}</span>
          </>
        )}
      </button>
    </Tooltip>
  )
}
