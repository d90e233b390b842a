/** A change to a machine: made by the engine, shown when it answered, and its failure kept beside what was pressed. */
import { useRef, useState } from 'react'
import type { MayflyError } from '../../contract/errors.ts'
import type { MachineDetails } from '../../contract/machine.ts'
import { tookDetails } from './details.ts'
import { toMayflyError } from './failure.ts'

interface Change {
  /** Makes the change. `doing` names it in what is said when it fails. Resolves to whether it was made. */
  readonly change: (doing: string, call: () => Promise<MachineDetails>) => Promise<boolean>
  readonly problem: { readonly doing: string; readonly error: MayflyError } | undefined
  readonly busy: boolean
}

export function useChange(): Change {
  const [problem, setProblem] = useState<Change['problem']>()
  const [underWay, setUnderWay] = useState(0)
  const last = useRef(0)
  return {
    problem,
    busy: underWay > 0,
    change: async (doing, call) => {
      const mine = ++last.current
      setUnderWay((count) => count + 1)
      try {
        tookDetails(await call())
        if (mine === last.current) setProblem(undefined)
        return true
      } catch (error) {
        if (mine === last.current) setProblem({ doing, error: toMayflyError(error) })
        return false
      } finally {
        setUnderWay((count) => count - 1)
      }
    },
  }
}
