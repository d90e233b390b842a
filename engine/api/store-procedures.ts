/** Procedures about what is kept beside machines: images, jobs, the trash. */
import { implement } from '@orpc/server'
import { contract } from '../../contract/contract.ts'
import { emptyTrash, listTrash, restoreFromTrash } from '../machine/trash.ts'
import type { EngineParts } from './engine-parts.ts'

export function storeProcedures({ context, machines }: EngineParts) {
  const os = implement(contract)
  const { images, jobs, folders } = context
  return {
    image: {
      list: os.image.list.handler(() => images.list()),
      show: os.image.show.handler(({ input }) => images.get(input.image)),
      build: os.image.build.handler(() => images.buildTiny()),
      add: os.image.add.handler(({ input }) => images.addFile(input)),
      remove: os.image.remove.handler(({ input }) => images.remove(input.image)),
    },
    job: {
      list: os.job.list.handler(() => jobs.list()),
      show: os.job.show.handler(({ input }) => jobs.get(input.job)),
      wait: os.job.wait.handler(({ input, signal }) => jobs.wait(input.job, signal)),
      cancel: os.job.cancel.handler(({ input }) => jobs.cancel(input.job)),
    },
    settings: {
      show: os.settings.show.handler(() => context.settings.read()),
      set: os.settings.set.handler(async ({ input }) => {
        // A QEMU that is of no use is refused now, not at the next start.
        if (input.qemuBinary !== undefined && input.qemuBinary !== null) await context.host.tryQemu(input.qemuBinary)
        const settings = await context.settings.change(input)
        context.host.forgetInstallation()
        return settings
      }),
      reset: os.settings.reset.handler(async () => {
        const settings = await context.settings.reset()
        context.host.forgetInstallation()
        return settings
      }),
    },
    trash: {
      list: os.trash.list.handler(() => listTrash(folders)),
      restore: os.trash.restore.handler(async ({ input }) => (await restoreFromTrash(folders, machines, input.machine)).summary()),
      empty: os.trash.empty.handler(({ input }) => emptyTrash(folders, input.machine)),
    },
  }
}
