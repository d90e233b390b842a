/**
 * The devices a machine is made of, as its owner thinks of them. Strict: an unknown field is
 * an error, never ignored. How each becomes QEMU arguments is the engine's affair.
 */
import { z } from 'zod'
import { deviceIdSchema, imageIdSchema } from './ids.ts'

export const diskBusSchema = z.enum(['virtio-blk', 'virtio-scsi', 'sata', 'nvme'])
export type DiskBus = z.infer<typeof diskBusSchema>

/** Smallest and largest virtual size of a disk, MiB (16 TiB: what qcow2's default clusters and ext4 both carry). */
export const diskSizeMiB = z.int().min(1).max(16 * 1024 * 1024)

export const diskSchema = z.strictObject({
  id: deviceIdSchema,
  /** What the owner calls it. */
  label: z.string().max(60).default(''),
  bus: diskBusSchema,
  /** Virtual size; grows, never shrinks. */
  sizeMiB: diskSizeMiB,
  /** Whether the guest may write. */
  readOnly: z.boolean().default(false),
  /** `safe` honours flushes (writeback); `unsafe` ignores them: fast, and lost on a host crash; `direct` bypasses the host's cache. */
  cache: z.enum(['safe', 'direct', 'unsafe']).default('safe'),
  /** Position in the boot order, 1 first; absent: not booted from. */
  bootIndex: z.int().min(1).max(99).optional(),
})
export type Disk = z.infer<typeof diskSchema>

export const cdromSchema = z.strictObject({
  id: deviceIdSchema,
  bus: z.enum(['sata', 'virtio-scsi']),
  /** The image in the drive; null: empty. */
  image: imageIdSchema.nullable(),
  bootIndex: z.int().min(1).max(99).optional(),
})
export type Cdrom = z.infer<typeof cdromSchema>

const port = z.int().min(1).max(65535)

/** An address a forward may listen on: IPv4 only, because QEMU's user network is. */
const ipv4 = z.ipv4()

export const portForwardSchema = z.strictObject({
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
  /** Where the host listens; 127.0.0.1 unless the owner opens it to others. */
  hostAddress: ipv4.default('127.0.0.1'),
  /** Port on the host. */
  hostPort: port,
  /** Port inside the guest. */
  guestPort: port,
})
export type PortForward = z.infer<typeof portForwardSchema>

/** 52:54:00:xx:xx:xx and other unicast addresses, lower case. */
export const macAddressSchema = z.string().regex(/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/)

export const nicSchema = z.strictObject({
  id: deviceIdSchema,
  model: z.enum(['virtio-net', 'e1000e']),
  /** QEMU's user network: no privileges, the guest reaches out, nothing reaches in but the forwards. */
  network: z.strictObject({
    kind: z.literal('user'),
    /** Cuts the guest off from everything but its forwards. */
    restrict: z.boolean().default(false),
    forwards: z.array(portForwardSchema).max(256).default([]),
  }),
  /** Whether the cable is plugged in. */
  connected: z.boolean().default(true),
  bootIndex: z.int().min(1).max(99).optional(),
})
export type Nic = z.infer<typeof nicSchema>

export const displaySchema = z.strictObject({
  /** `virtio-vga` follows the window's size; `std` works with any OS; `none`: serial only. */
  model: z.enum(['virtio-vga', 'std', 'none']),
})
export type Display = z.infer<typeof displaySchema>

/** `on`: a sound card with output and input, as every desktop system knows it. Whether it is heard, the host decides (`host.show`). */
export const soundSchema = z.enum(['none', 'on'])
export type Sound = z.infer<typeof soundSchema>

export const watchdogSchema = z.strictObject({
  model: z.literal('i6300esb'),
  /** What happens when the guest stops feeding it. */
  action: z.enum(['reset', 'poweroff', 'pause', 'none']),
})
export type Watchdog = z.infer<typeof watchdogSchema>

export const firmwareSchema = z.strictObject({
  /** `none` only where a kernel is started directly on a micro machine. */
  kind: z.enum(['bios', 'uefi']),
  /** Secure Boot with Microsoft's keys enrolled; needs uefi. */
  secureBoot: z.boolean().default(false),
})
export type Firmware = z.infer<typeof firmwareSchema>
