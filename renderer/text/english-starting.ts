/** English, for a guest that comes up, and for how long its boots took. */

export const starting = {
  starting: {
    label: (name: string) => `${name} is starting`,
    begun: 'Starting',
    phases: { firmware: 'Firmware', loader: 'Loader', kernel: 'Kernel', userspace: 'Userspace', ready: 'Ready' },
    phaseNow: { firmware: 'Firmware runs', loader: 'The loader runs', kernel: 'The kernel starts', userspace: 'Its services start', ready: 'Ready' },
    again: (times: number) => `Has restarted ${times} times in a minute`,
    againMemory: (size: string) => `It has ${size} of memory. Too little for its system is the usual reason.`,
    againMore: 'Its guest does not come up. What it wrote before it restarted tells why.',
    giveMemory: 'Give it more memory', openLog: 'Open its log',
    nothing: 'Nothing boots.', nothingMore: 'Nothing was ever written to its disk, and no disc is in its drive.', insert: 'Insert a disc', addDisc: 'Add a disc image', openHardware: 'Open its hardware',
    usually: (duration: string) => `usually ${duration}`,
    silent: 'Nothing on its serial port yet. Firmware and many installers write on the screen only.',
    lastLines: 'Last lines of its serial port',
    boot: 'Boot',
    readyAfter: (duration: string, when: string) => `Ready ${duration} after its start, ${when}`,
    bar: (when: string, parts: string) => `Boot of ${when}: ${parts}`,
    beforeText: 'No output yet', undivided: 'It wrote nothing on its serial port before it was ready, so how the time was spent is not known.',
  },
} as const
