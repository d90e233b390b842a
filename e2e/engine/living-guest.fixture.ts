/**
 * A tiny guest that proves its own state: it keeps a number in RAM and the same or another on two disks, a
 * block of memory with its checksum, and a loop that writes to a disk past every cache and reads back what it
 * wrote. A disk that is of another moment than the RAM is found out by the guest itself, within a tenth of a second.
 */
import type { EngineClient } from '../../engine/engine-face.ts'
import type { TestHome } from './test-home.fixture.ts'

export interface GuestValues {
  /** Null: it has booted since, and keeps none. */
  readonly ram: number | null
  readonly disk: number
}

const loop = `while :; do
i=$((i+1))
printf '%-512s' "turn $i" | dd of=/dev/vdb bs=512 seek=16 count=1 oflag=direct conv=notrunc status=none
usleep 60000
[ "$(dd if=/dev/vdb bs=512 skip=16 count=1 iflag=direct status=none | tr -d ' ')" = "turn$i" ] || echo "turn $i" >> /run/broken
done`

/** Once after each boot. */
export async function beginProof(home: TestHome, client: EngineClient, machine: string): Promise<void> {
  await home.sh(client, machine, `test -b /dev/vdb && mount | grep -q /data && (i=0; ${loop}) > /dev/null 2>&1 < /dev/null &\necho $! > /run/proof`)
}

export async function writeDisk(home: TestHome, client: EngineClient, machine: string, value: number): Promise<void> {
  await home.sh(client, machine, `printf '%-512s' ${value} | dd of=/dev/vdb bs=512 count=1 oflag=direct conv=notrunc,fsync status=none; echo ${value} > /data/value; sync`)
}

/** Some hundred kilobytes of news. */
export async function writeRam(home: TestHome, client: EngineClient, machine: string, value: number): Promise<void> {
  await home.sh(client, machine, `dd if=/dev/urandom of=/run/block bs=64k count=8 status=none; md5sum /run/block > /run/sum; echo ${value} > /run/value`)
}

export interface GuestAnswer extends GuestValues {
  /** What is not as it must be; empty where all is. */
  readonly broken: string
}

const question = `cat /run/value 2>/dev/null || echo none
cat /data/value
dd if=/dev/vdb bs=512 count=1 iflag=direct status=none | tr -d ' '; echo
[ ! -e /run/sum ] || md5sum -c -s /run/sum || echo memory differs
[ ! -e /run/proof ] || kill -0 $(cat /run/proof) || echo the loop has ended
cat /run/broken 2>/dev/null || true`

export async function askGuest(home: TestHome, client: EngineClient, machine: string): Promise<GuestAnswer> {
  const [ram = '', onFiles = '', onDisk = '', ...rest] = (await home.sh(client, machine, question)).trim().split('\n')
  const broken = [...(onFiles === onDisk ? [] : [`the disks hold ${onFiles} and ${onDisk}`]), ...rest].join('; ')
  return { ram: ram === 'none' ? null : Number(ram), disk: Number(onDisk), broken }
}
