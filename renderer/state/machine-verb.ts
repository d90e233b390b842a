/** What can be done to a machine with one press. */
export const machineVerbs = ['start', 'pause', 'resume', 'shutDown', 'switchOff', 'restart', 'reset', 'checkpoint', 'fork', 'clone', 'promote', 'keep', 'delete'] as const
export type MachineVerb = (typeof machineVerbs)[number]
