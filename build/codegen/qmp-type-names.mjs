/**
 * Readable names for the types that introspection numbers. QEMU hides its own type names in
 * `query-qmp-schema` (they are no interface), so every type is named after the first path
 * that reaches it; those below are named by hand because people write them. A path that the
 * schema lacks fails the generator, so this table cannot rot.
 *
 * A path: a command's name, then `arguments` or `return` (for an event its name, then
 * `data`), then member names, `[]` for an array's element.
 */
export const typeNames = {
  'balloon/arguments': 'BalloonArguments',
  'blockdev-add/arguments': 'BlockdevOptions',
  'blockdev-add/arguments/driver': 'BlockdevDriver',
  'blockdev-create/arguments/options': 'BlockdevCreateOptions',
  'block_set_io_throttle/arguments': 'BlockIoThrottle',
  'BLOCK_IO_ERROR/data/action': 'BlockErrorAction',
  'chardev-add/arguments/backend': 'ChardevBackend',
  'device-list-properties/return/[]': 'ObjectPropertyInfo',
  'input-send-event/arguments/events/[]': 'InputEvent',
  'migrate-set-capabilities/arguments/capabilities/[]': 'MigrationCapabilityStatus',
  'migrate-set-capabilities/arguments/capabilities/[]/capability': 'MigrationCapability',
  'netdev_add/arguments': 'NetdevOptions',
  'netdev_add/arguments/type': 'NetdevType',
  'object-add/arguments': 'ObjectOptions',
  'object-add/arguments/qom-type': 'ObjectType',
  'query-block/return/[]': 'BlockInfo',
  'query-block/return/[]/inserted': 'BlockDeviceInfo',
  'query-block/return/[]/inserted/image': 'ImageInfo',
  'query-block-jobs/return/[]': 'BlockJobInfo',
  'query-blockstats/return/[]': 'BlockStats',
  'query-chardev/return/[]': 'ChardevInfo',
  'query-cpu-definitions/return/[]': 'CpuDefinitionInfo',
  'query-cpu-model-expansion/arguments/model': 'CpuModelInfo',
  'query-cpus-fast/return/[]': 'CpuInfo',
  'query-display-options/return': 'DisplayOptions',
  'query-hotpluggable-cpus/return/[]': 'HotpluggableCpu',
  'query-jobs/return/[]': 'JobInfo',
  'query-jobs/return/[]/type': 'JobType',
  'query-jobs/return/[]/status': 'JobStatus',
  'query-machines/return/[]': 'MachineInfo',
  'query-memory-devices/return/[]': 'MemoryDeviceInfo',
  'query-migrate/return': 'MigrationInfo',
  'query-migrate/return/status': 'MigrationStatus',
  'query-named-block-nodes/return/[]/detect_zeroes': 'DetectZeroes',
  'query-status/return': 'StatusInfo',
  'query-status/return/status': 'RunState',
  'query-tpm-models/return/[]': 'TpmModel',
  'query-tpm-types/return/[]': 'TpmType',
  'query-version/return': 'VersionInfo',
  'query-vnc/return': 'VncInfo',
  'SHUTDOWN/data/reason': 'ShutdownCause',
  'transaction/arguments/actions/[]': 'TransactionAction',
  'WATCHDOG/data/action': 'WatchdogAction',
}

/**
 * Commands that introspection types too narrowly: `device_add` is declared with three members
 * but takes every property of the device (QAPI `'gen': false`). Their arguments stay open.
 */
export const openArguments = new Set(['device_add'])
