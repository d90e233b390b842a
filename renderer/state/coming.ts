/** The engine with procedures whose groups are not part of the contract's tree yet. */
import type { ContractRouterClient } from '@orpc/contract'
import type { checkpointProcedures } from '../../contract/procedures/checkpoint.ts'
import type { forkProcedures } from '../../contract/procedures/fork.ts'
import type { runProcedures } from '../../contract/procedures/run.ts'
import type { templateProcedures } from '../../contract/procedures/template.ts'
import { engine as now } from './connection.ts'

type Coming = ContractRouterClient<{ machine: typeof forkProcedures; checkpoint: typeof checkpointProcedures; template: typeof templateProcedures; run: typeof runProcedures }>

export const engine = now as unknown as typeof now & Coming
