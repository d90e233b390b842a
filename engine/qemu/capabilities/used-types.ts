/**
 * The device and object types whose properties are probed: those Mayfly may put on a command
 * line. A type that is missing here has no known properties, so argv cannot gate on them.
 */
export const usedDevices: readonly string[] = [
  // Disks and their controllers
  'virtio-blk-pci', 'virtio-blk-device', 'virtio-scsi-pci', 'virtio-scsi-device', 'scsi-hd', 'scsi-cd', 'ich9-ahci', 'ide-hd', 'ide-cd', 'nvme', 'nvme-ns', 'floppy',
  // Networks
  'virtio-net-pci', 'virtio-net-device', 'e1000e', 'e1000', 'rtl8139',
  // Screens and input
  'VGA', 'virtio-vga', 'virtio-vga-gl', 'virtio-gpu-pci', 'bochs-display', 'qxl-vga', 'qemu-xhci', 'usb-tablet', 'usb-kbd', 'usb-storage', 'virtio-keyboard-pci', 'virtio-tablet-pci',
  // Serial lines and ports
  'isa-serial', 'virtio-serial-pci', 'virtio-serial-device', 'virtserialport', 'virtconsole', 'isa-debugcon', 'isa-debug-exit', 'pvpanic', 'pvpanic-pci',
  // Entropy, memory, time, identity
  'virtio-rng-pci', 'virtio-rng-device', 'virtio-balloon-pci', 'virtio-balloon-device', 'pc-dimm', 'virtio-mem-pci', 'virtio-iommu-pci', 'i6300esb', 'ib700', 'iTCO_wdt', 'vmgenid',
  // Security
  'tpm-tis', 'tpm-crb',
  // Sharing and sound
  'vhost-user-fs-pci', 'virtio-9p-pci', 'vhost-vsock-pci', 'intel-hda', 'ich9-intel-hda', 'hda-duplex', 'hda-output', 'hda-micro', 'virtio-sound-pci',
  // Buses
  'pcie-root-port', 'pcie-pci-bridge', 'pci-bridge', 'cfi.pflash01',
]

export const usedObjects: readonly string[] = [
  'memory-backend-file', 'memory-backend-memfd', 'memory-backend-ram', 'memory-backend-shm', 'rng-random', 'rng-builtin', 'secret', 'throttle-group', 'iothread', 'thread-context', 'tls-creds-x509',
]
