/**
 * The tiny guest's own files: a table for busybox' init and a few short scripts. What they
 * guarantee: the line `MAYFLY READY` comes when shell, agent and helper are up; nothing is
 * formatted that is not blank; an orderly end unmounts /data. They are terse because every
 * process costs milliseconds under emulation: one mount, one modprobe, no search paths.
 */
import { Buffer } from 'node:buffer'
import { execPortName } from '../../guest/exec/protocol.ts'
import type { CpioEntry } from './cpio.ts'

const agentPortName = 'org.qemu.guest_agent.0'

const inittab = `::sysinit:/etc/start
ttyS0::respawn:/etc/serial
tty1::respawn:-/bin/sh
::shutdown:/etc/stop
::ctrlaltdel:/sbin/reboot
`

const fstab = `proc /proc proc defaults 0 0
sysfs /sys sysfs defaults 0 0
dev /dev devtmpfs mode=0755 0 0
run /run tmpfs mode=0755 0 0
`

const passwd = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'
const group = 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'

/**
 * Between the kernel and the first prompt, only what READY promises; every other driver is left
 * to `devices`. Walking all of /sys would cost a third of a second, so only buses are looked at.
 */
const start = String.raw`#!/bin/sh
mount -a
mkdir /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=0620,ptmxmode=0666 devpts /dev/pts
name=tiny
read -r words < /proc/cmdline
for word in $words; do
  case $word in mayfly.hostname=?*) name=$(echo "$word" | cut -d= -f2 | tr -cd 'A-Za-z0-9.-') ;; esac
done
echo "$name" > /proc/sys/kernel/hostname
echo "127.0.0.1 localhost $name" > /etc/hosts

# The buses first: their devices appear with them.
modprobe -qa virtio_pci virtio_mmio virtio_console
keep() {
  while :; do "$@"; sleep 1; done < /dev/null > /dev/null 2>&1 &
}
keep /etc/agent
keep /sbin/mayfly-exec
# Nearly every machine has a disk; this one driver is larger than all others together.
modprobe -q ext4 &
ext4=$!
cat /sys/bus/pci/devices/*/modalias /sys/bus/virtio/devices/*/modalias 2> /dev/null |
  grep -E 'bc02|virtio:d0000000[128]v' | xargs modprobe -qa af_packet button evdev
acpid -p /run/acpid.pid -l /dev/null
ip link set lo up
cd /sys/class/net
for nic in eth*; do
  [ -e "$nic" ] && ip link set "$nic" up && udhcpc -b -S -i "$nic" -s /etc/dhcp < /dev/null > /dev/null 2>&1 &
  break
done
# A second modprobe would not wait for the first.
wait $ext4
/etc/disk
/etc/devices < /dev/null > /dev/null 2>&1 &
`

/**
 * Every driver that some device asks for, now and when one is plugged in. What a new bus brought
 * to light before anybody listened is asked for again.
 */
const devices = String.raw`#!/bin/sh
cat /sys/bus/*/devices/*/modalias 2> /dev/null | sort -u | xargs modprobe -qa sd_mod sr_mod
uevent /etc/hotplug &
cat /sys/bus/usb/devices/*/modalias /sys/bus/hid/devices/*/modalias 2> /dev/null | sort -u | xargs modprobe -qa
`

/** The first disk at /data. Only a disk that is blank, as far as can be seen quickly, is formatted. */
const disk = String.raw`#!/bin/sh
first() {
  for disk in vda sda nvme0n1; do [ -e /sys/block/$disk ] && return; done
  return 1
}
if ! first; then
  # Loading a driver waits until it has looked at all its ports, which takes a while.
  cat /sys/bus/pci/devices/*/modalias 2> /dev/null | grep bc01 | xargs modprobe -qa sd_mod
  first || exit
fi
read -r sectors < /sys/block/$disk/size
[ "$sectors" -gt 0 ] || exit
mount -t ext4 -o noinit_itable /dev/$disk /data 2> /dev/null && exit
mount /dev/$disk /data 2> /dev/null && exit
mebibytes=$((sectors / 2048))
[ $mebibytes -ge 4 ] || exit
# Every signature known lies in the first or last mebibyte; the others guard raw data.
for part in 0 1 2 3 4 5 6 7 8; do
  dd if=/dev/$disk bs=1M count=1 skip=$((mebibytes * part / 8 - (part == 8))) 2> /dev/null
done | tr -d '\0' | head -c 1 | wc -c > /run/disk
dd if=/dev/$disk bs=512 count=2048 skip=$((sectors - 2048)) 2> /dev/null | tr -d '\0' | head -c 1 | wc -c >> /run/disk
{ read -r parts; read -r end; } < /run/disk
[ "$parts$end" = 00 ] || { echo "mayfly: /dev/$disk is neither blank nor mountable; left alone" > /dev/kmsg; exit; }
/sbin/mke2fs -q -t ext4 -L data -m 0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard /dev/$disk && mount -t ext4 -o noinit_itable /dev/$disk /data
`

/** The serial console: says READY once, when agent and helper hold their ports; then is a shell like any other. */
const serial = String.raw`#!/bin/sh
# True when there is no such port, or the program has opened it.
serves() {
  for port in *; do
    read -r name < "$port/name" && [ "$name" = "$2" ] || continue
    for process in $(pidof "$1"); do
      for file in /proc/$process/fd/*; do [ "$file" -ef "/dev/$port" ] && return; done
    done
    return 1
  done 2> /dev/null
}
if [ ! -e /run/ready ]; then
  cd /sys/class/virtio-ports 2> /dev/null && for tries in $(seq 100); do
    serves qemu-ga AGENT && serves mayfly-exec HELPER && break
    usleep 20000
  done
  : > /run/ready
  read -r uptime rest < /proc/uptime
  echo "MAYFLY READY $uptime"
fi
cd /root
exec /bin/sh -l
`.replace('AGENT', agentPortName).replace('HELPER', execPortName)

const agent = String.raw`#!/bin/sh
cd /sys/class/virtio-ports
for port in *; do
  read -r name < "$port/name" && [ "$name" = AGENT ] && exec /sbin/qemu-ga -m virtio-serial -p "/dev/$port" -t /run
done
`.replace('AGENT', agentPortName)

const hotplug = String.raw`#!/bin/sh
[ "$ACTION" = add ] && [ -n "$MODALIAS" ] && exec modprobe -q "$MODALIAS"
`

const dhcp = String.raw`#!/bin/sh
case $1 in
  deconfig)
    ip addr flush dev "$interface"
    ;;
  bound | renew)
    ip addr flush dev "$interface"
    ip addr add "$ip/$mask" dev "$interface"
    for address in $router; do ip route add default via "$address" dev "$interface" && break; done
    for address in $dns; do echo "nameserver $address"; done > /etc/resolv.conf
    ;;
esac
`

const stop = String.raw`#!/bin/sh
cd /
sync
umount /data 2> /dev/null && exit
# Something works there: it gets its chance, then the disk is made safe all the same.
killall5 -15 2> /dev/null
usleep 200000
umount /data 2> /dev/null || mount -o remount,ro /data 2> /dev/null
`

const profile = String.raw`export PS1='\h:\w\$ ' PATH=/sbin:/bin HOME=/root TERM=linux
`

const files: readonly (readonly [path: string, mode: number, text: string])[] = [
  ['etc/inittab', 0o644, inittab],
  ['etc/fstab', 0o644, fstab],
  ['etc/passwd', 0o644, passwd],
  ['etc/group', 0o644, group],
  ['etc/profile', 0o644, profile],
  ['etc/start', 0o755, start],
  ['etc/devices', 0o755, devices],
  ['etc/disk', 0o755, disk],
  ['etc/serial', 0o755, serial],
  ['etc/agent', 0o755, agent],
  ['etc/hotplug', 0o755, hotplug],
  ['etc/dhcp', 0o755, dhcp],
  ['etc/stop', 0o755, stop],
  ['etc/acpi/PWRF/00000080', 0o755, '#!/bin/sh\nexec poweroff\n'],
]

export const guestFolders: readonly string[] = ['data', 'dev', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'usr']

/** All that is ours, and the links that make busybox the system. `applets` are busybox' own names. */
export function guestFiles(applets: readonly string[]): CpioEntry[] {
  const own = files.map(([path, mode, text]): CpioEntry => ({ kind: 'file', path, mode, data: Buffer.from(text) }))
  const links = applets.filter((applet) => applet !== 'busybox').map((applet): CpioEntry => ({ kind: 'link', path: `bin/${applet}`, target: 'busybox' }))
  return [
    ...own,
    ...links,
    // The kernel runs these by path.
    { kind: 'link', path: 'init', target: 'bin/busybox' },
    { kind: 'link', path: 'sbin/modprobe', target: '../bin/busybox' },
    { kind: 'link', path: 'sbin/poweroff', target: '../bin/busybox' },
    { kind: 'link', path: 'sbin/reboot', target: '../bin/busybox' },
    { kind: 'link', path: 'usr/bin', target: '../bin' },
    { kind: 'link', path: 'usr/sbin', target: '../sbin' },
    // Before /dev is mounted init already speaks.
    { kind: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
    { kind: 'device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
  ]
}
