/** A fork's QEMU opens disks that its parent still writes to: what it read of them then is not what its guest sees. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngineClient } from '../../engine/engine-face.ts'
import { findQemu } from '../../engine/qemu/capabilities/find-qemu.ts'
import { checkQcow2 } from '../../engine/qemu/img/check-qcow2.ts'
import { TestHome } from './test-home.fixture.ts'

let home: TestHome
let client: EngineClient

beforeAll(async () => {
  ;({ home, client } = await TestHome.withTiny())
  await home.bootTiny(client, 'writer')
}, 300_000)
afterAll(() => home.close())

/** New clusters all the time, and old ones written again; what has surely reached the disk is in memory, by number and sum. */
const write = `mkdir -p /data/w; (n=0; while true; do n=$((n + 1)); f=/data/w/$((n % 40))
  dd if=/dev/urandom of=$f.new bs=64k count=3 2>/dev/null; sum=$(md5sum < $f.new); mv $f.new $f; sync; echo "$sum" > /run/sum.$((n % 40)); echo $n > /run/written
done) > /dev/null 2>&1 & echo $! > /run/writer`
/** All but the one that is being written must be on the disk as memory says. Prints how many were looked at. */
const compare = `kill $(cat /run/writer); wait; sync; echo 3 > /proc/sys/vm/drop_caches; n=$(cat /run/written); ok=0
for i in $(seq 0 39); do [ -e /run/sum.$i ] || continue; [ $i = $(((n + 1) % 40)) ] && continue
  [ "$(md5sum < /data/w/$i)" = "$(cat /run/sum.$i)" ] && ok=$((ok + 1)) || echo "differs: $i of $n"
done; echo $ok`

test('forks of a guest that writes without a pause see on their disk what their memory says was written', async () => {
  await home.sh(client, 'writer', write)
  await home.sh(client, 'writer', 'while [ "$(cat /run/written 2>/dev/null || echo 0)" -lt 60 ]; do usleep 50000; done')
  const installation = await findQemu()
  for (let round = 0; round < 6; round++) {
    const { forks } = await client.machine.fork({ machine: 'writer' })
    const fork = forks[0]?.machine.id ?? ''
    expect(await home.sh(client, fork, compare)).toBe('39\n')
    const { folder } = await client.machine.stop({ machine: fork, force: true }).then(() => client.machine.show({ machine: fork }))
    const layers = join(folder, 'disks', 'disk0')
    for (const file of await readdir(layers)) expect(await checkQcow2(installation, join(layers, file))).toMatchObject({ corruptions: 0, leaks: 0 })
    await client.machine.delete({ machine: fork })
  }
  expect(await home.sh(client, 'writer', compare)).toBe('39\n')
}, 240_000)
