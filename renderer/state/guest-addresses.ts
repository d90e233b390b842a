/** What the guest says its addresses are, asked again while somebody looks: a guest gets and loses them. It is the guest's word: text, never markup. */
import { useEffect, useState } from 'react'
import type { MachineSummary } from '../../contract/machine.ts'
import { engine } from './connection.ts'

export interface GuestAddress {
  readonly interface: string
  readonly address: string
}

const askEveryMs = 5000

/** Undefined as long as its agent has not told. Those by which a guest reaches itself are left out. */
export function useGuestAddresses({ id, agent, state }: MachineSummary): readonly GuestAddress[] | undefined {
  const [addresses, setAddresses] = useState<readonly GuestAddress[]>()
  const answers = agent === 'answering' && state === 'running'
  useEffect(() => {
    setAddresses(undefined)
    if (!answers) return
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      try {
        const told = await engine.guest.info({ machine: id }, { signal: abort.signal })
        setAddresses(told.addresses.filter(({ address }) => !address.startsWith('127.') && address !== '::1'))
      } catch {
        // The agent is busy, or gone, which its state will tell: what is known stays.
      }
      if (!abort.signal.aborted) timer = setTimeout(() => void ask(), askEveryMs)
    }
    void ask()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [id, answers])
  return addresses
}
