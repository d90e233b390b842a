/**
 * Linux' signal numbers on x86 and arm. The host's own (`os.constants.signals`) differ where
 * the host is not Linux; what travels to the guest is always one of these.
 */
const numbers = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10,
  SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGSTKFLT: 16, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19,
  SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28,
  SIGIO: 29, SIGPWR: 30, SIGSYS: 31,
} as const

export type LinuxSignal = keyof typeof numbers

export function isLinuxSignal(name: string): name is LinuxSignal {
  return Object.hasOwn(numbers, name)
}

export function linuxSignalNumber(name: LinuxSignal): number {
  return numbers[name]
}

/** The name of a number; real-time signals and unknown ones are `SIG<number>`. */
export function linuxSignalName(number: number): string {
  return Object.entries(numbers).find(([, value]) => value === number)?.[0] ?? `SIG${number}`
}
