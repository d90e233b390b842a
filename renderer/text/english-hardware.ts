/** English, for parts of a machine's hardware that have an editor of their own. */

export const hardwareParts = {
  bootOrder: {
    grip: (name: string) => `Move ${name}: arrow keys, or drag`,
    up: (name: string) => `${name} earlier`, down: (name: string) => `${name} later`, isFirst: 'It is the first.', isLast: 'It is the last.',
    leaveOut: (name: string) => `Do not boot from ${name}`, bootFrom: (name: string) => `Boot from ${name}`,
    none: 'Nothing is in the order: the firmware decides.', others: 'Not booted from',
    now: (order: string) => `Tried in this order: ${order}`,
  },
} as const
