/** Procedures about templates and throwaway runs. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import type { EngineParts } from './engine-parts.ts'

export function runProcedures({ templates, runs }: EngineParts) {
  const os = implement(contract)
  return {
    template: {
      make: os.template.make.handler(({ input }) => templates.make(input)),
      list: os.template.list.handler(() => templates.list()),
      setPool: os.template.setPool.handler(({ input }) => templates.setPool(input.template, input.wanted)),
      remove: os.template.remove.handler(({ input }) => templates.remove(input.template)),
    },
    run: {
      start: os.run.start.handler(({ input }) => runs.start(input)),
      upload: os.run.upload.handler(({ input }) => runs.upload(input.bytes)),
      attach: os.run.attach.handler(({ input }) => runs.attach(input.run, input.cell)),
      list: os.run.list.handler(({ input }) => runs.list(input.limit)),
      show: os.run.show.handler(({ input }) => runs.get(input.run)),
      followOutput: os.run.followOutput.handler(({ input, signal }) => runs.followOutput(input.run, input.cell, input.tailBytes, signal)),
      serial: os.run.serial.handler(({ input }) => runs.serial(input.run, input.cell, input.tailBytes)),
      screenshot: os.run.screenshot.handler(async ({ input }) => ({ mediaType: 'image/png' as const, base64: (await runs.screenshot(input.run, input.cell)).toString('base64') })),
      evidence: os.run.evidence.handler(({ input }) => runs.evidence(input.run)),
      files: os.run.files.handler(({ input }) => runs.files(input.run, input.cell, input.limit)),
      file: os.run.file.handler(({ input }) => runs.file(input.run, input.cell, input.file)),
      cancel: os.run.cancel.handler(({ input }) => runs.cancel(input.run, input.cell)),
      keep: os.run.keep.handler(({ input }) => runs.keep(input.run, input.cell)),
      remove: os.run.remove.handler(({ input }) => runs.remove(input.run)),
    },
  }
}
