/** The line for a shell that makes the same machine. Pure; what hosts/cli makes of it is tested beside it. */
import type { CreateRequest } from '../../../contract/procedures/machine.ts'
import { shellWord } from '../../../contract/shell-word.ts'
import { formatExactMiB } from '../../ui/exact-size.ts'

interface CommandFacts {
  /** How people call the image; the request has its id. */
  readonly imageName: string | undefined
  /** It has to be built before. */
  readonly buildsTiny: boolean
}

/** Pieces that stay together on a line. */
export function createCommand(request: CreateRequest, { imageName, buildsTiny }: CommandFacts): string[] {
  const { name, profile, cpus, memoryMiB, diskMiB, forwards = [], firmware, secureBoot, tpm, display, throwaway, start } = request
  const dashed = name.startsWith('-')
  return [
    ...(buildsTiny ? ['mayfly image build tiny &&'] : []),
    dashed ? 'mayfly create' : `mayfly create ${shellWord(name)}`,
    ...(imageName === undefined ? [] : [flag('image', imageName)]),
    ...(profile === undefined ? [] : [flag('profile', profile)]),
    ...(cpus === undefined ? [] : [flag('cpus', String(cpus))]),
    ...(memoryMiB === undefined ? [] : [flag('memory', formatExactMiB(memoryMiB, ''))]),
    ...(diskMiB === undefined ? [] : [flag('disk', formatExactMiB(diskMiB, ''))]),
    ...(display === undefined ? [] : [flag('display', display)]),
    ...(firmware === undefined ? [] : [flag('firmware', firmware)]),
    ...(secureBoot === true ? ['--secure-boot'] : []),
    ...(tpm === true ? ['--tpm'] : []),
    ...forwards.map(forwardFlag),
    ...(throwaway ? ['--throwaway'] : []),
    ...(start ? ['--start'] : []),
    ...(dashed ? [`-- ${shellWord(name)}`] : []),
  ]
}

/** The same for an appliance. */
export function importCommand(request: CreateRequest, file: string): string[] {
  const { name, cpus, memoryMiB, diskMiB, forwards = [], start } = request
  const dashed = name.startsWith('-')
  return [
    `mayfly import ${shellWord(file)}${dashed ? '' : ` ${shellWord(name)}`}`,
    ...(cpus === undefined ? [] : [flag('cpus', String(cpus))]),
    ...(memoryMiB === undefined ? [] : [flag('memory', formatExactMiB(memoryMiB, ''))]),
    ...(diskMiB === undefined ? [] : [flag('disk', formatExactMiB(diskMiB, ''))]),
    ...forwards.map(forwardFlag),
    ...(start ? ['--start'] : []),
    ...(dashed ? [`-- ${shellWord(name)}`] : []),
  ]
}

/** Broken where a line would be too long, so that it can be pasted as it stands. */
export function commandText(pieces: readonly string[], columns = 34): string {
  const lines: string[] = []
  for (const piece of pieces) {
    const last = lines.at(-1)
    const begins = piece.startsWith('mayfly ')
    if (last !== undefined && last.startsWith(' ') && last.length + 1 + piece.length + 2 <= columns) lines[lines.length - 1] = `${last} ${piece}`
    else lines.push(begins ? piece : `  ${piece}`)
  }
  return lines.join(' \\\n')
}

function forwardFlag({ hostAddress, hostPort, guestPort, protocol }: NonNullable<CreateRequest['forwards']>[number]): string {
  return flag('forward', `${hostAddress === '127.0.0.1' ? '' : `${hostAddress}:`}${hostPort}:${guestPort}${protocol === 'tcp' ? '' : `/${protocol}`}`)
}

/** What begins with a dash is written against the equals sign, or it would be taken for a flag. */
function flag(name: string, value: string): string {
  return value.startsWith('-') ? `--${name}=${shellWord(value)}` : `--${name} ${shellWord(value)}`
}
