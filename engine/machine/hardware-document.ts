/** hardware.json: what the guest saw at its first start and must see again. */
import { hardwareSchema } from '../qemu/argv/hardware.ts'
import type { DocumentKind } from '../storage/document.ts'

export const hardwareDocument = { format: 'mayfly-hardware', version: 1, schema: hardwareSchema, migrations: [] } as const satisfies DocumentKind<typeof hardwareSchema>
