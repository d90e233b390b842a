/** English. Sentences for people: what happened, to which machine, what next. */
import type { MachineState, PausedBy } from '../../contract/machine-state.ts'
import { consoles } from './english-consoles.ts'
import { hardwareParts } from './english-hardware.ts'
import { making } from './english-making.ts'
import { starting } from './english-starting.ts'
import { plural } from './numbers.ts'
import { running } from './english-running.ts'
import { saving } from './english-saving.ts'

type Verb = 'start' | 'pause' | 'resume' | 'shutDown' | 'switchOff' | 'restart' | 'reset' | 'checkpoint' | 'fork' | 'clone' | 'promote' | 'keep' | 'delete'

const verb: Readonly<Record<Verb, string>> = {
  start: 'Start', pause: 'Pause', resume: 'Resume', shutDown: 'Shut down', switchOff: 'Switch off', restart: 'Restart', reset: 'Reset', checkpoint: 'Checkpoint', fork: 'Fork', clone: 'Clone', promote: 'Promote', keep: 'Keep', delete: 'Delete',
}

const state: Readonly<Record<MachineState, string>> = {
  stopped: 'Stopped', starting: 'Starting', running: 'Running', paused: 'Paused', saving: 'Saving', restoring: 'Restoring', stopping: 'Shutting down', crashed: 'Crashed', broken: 'Broken', unknown: 'Unknown',
}

const pausedBy: Readonly<Record<PausedBy, string>> = {
  user: 'paused by you', 'no-space': 'the disk of this host is full; goes on when there is space', 'io-error': 'a disk of this host failed', 'guest-panic': 'the guest panicked', 'internal-error': 'the hardware acceleration failed', 'guest-sleep': 'the guest sleeps',
}

export const english = {
  ...starting,
  ...hardwareParts,
  ...making,
  ...saving,
  ...running,
  verb,
  state,
  pausedBy,
  verbOf: (which: Verb, name: string) => `${verb[which]} ${name}`,
  cannot: (what: string, name: string, now: string) => `${what} is not possible: ${name} is ${now.toLowerCase()}.`,
  cannotTemplate: (what: string, name: string) => `${what} is not possible: ${name} is a template, which is only forked.`,
  cannotThrowaway: (name: string) => `${name} is a throwaway: it is deleted when it stops.`,
  cannotNoFork: (name: string) => `${name} is independent already.`,
  cannotStays: (name: string) => `${name} stays anyway.`,
  happened: (name: string) => `${name} needs you`,
  copy: 'Copy',
  copied: 'Copied',
  notCopied: 'It was not copied', notCopiedMore: 'The browser did not let this page write to the clipboard.',
  copyOf: (what: string) => `Copy ${what}`,
  close: 'Close',
  cancel: 'Cancel',
  tryAgain: 'Try again',

  nav: { main: 'Main', machines: 'Machines', templates: 'Templates', runs: 'Runs', grid: 'Consoles of all machines', images: 'Images', find: 'Find a machine or do anything', jobs: 'Jobs', jobsRunning: (amount: number) => plural(amount, 'job', 'jobs'), help: 'Help and shortcuts', settings: 'Settings', doctor: 'Doctor', about: 'About Mayfly', more: 'More' },

  engine: {
    away: 'The engine does not answer. Machines go on.',
    noWay: 'Mayfly cannot be reached from this page. Machines go on.',
    asOf: (when: string) => `What you see is as of ${when}.`,
    connecting: 'Looking for the engine.',
    reconnect: 'Trying again until it answers.',
    silent: 'The engine is there but does not answer. Machines go on.',
    takeOver: 'Restart the engine', takingOver: 'The engine is being restarted.', takeOverMeans: 'Its process is ended and another engine takes its place.',
  },

  client: {
    of: (holder: string, pid: number) => `This window is a client of ${holder}, process ${pid}.`,
    holders: { cli: 'the engine in the background', serve: 'mayfly serve', test: 'a test' } as Readonly<Record<string, string>>,
    means: 'Jobs and runs are its work: they go on there when Mayfly is quit here.',
  },

  error: {
    unexpected: 'This page ran into an error that Mayfly did not expect. It is a fault of Mayfly, not of your machines.',
    couldNot: (doing: string) => `${doing}: not done`,
    details: 'Details',
    dismiss: 'Dismiss',
    pageBroke: 'This part of the window broke',
    pageBrokeMore: 'Machines go on. Show it again, or copy the error for a report.',
    showAnew: 'Show it again',
    copyReport: 'Copy report',
  },

  list: {
    label: 'Machines',
    search: (amount: number) => `Search ${plural(amount, 'machine', 'machines')}`,
    searchName: 'Search names, tags, addresses, notes and states',
    newMachine: 'New machine',
    divider: 'Between the list and the view: arrow keys, or drag; Enter puts it back',
    filter: 'Filter and sort',
    show: 'Show', all: 'All', running: 'Running', stopped: 'Stopped', needsYou: 'Needs you',
    sortBy: 'Sort by', byName: 'Name', byState: 'State', byMemory: 'Memory',
    noTag: 'No tag',
    forksOf: (template: string) => `Forks of ${template}`,
    folded: 'folded', unfolded: 'unfolded',
    runningOf: (running: number, all: number) => (running === 0 ? `${all} stopped` : `${running} of ${all} running`),
    noMatch: (search: string) => `No machine matches "${search}".`,
    noneShown: 'No machine matches this filter.',
    clearSearch: 'Clear search',
    showAll: 'Show all',
    cpu: (percent: number) => `${percent} percent of its processors`,
    host: 'This host',
    memoryOf: (promised: string, all: string) => `${promised} of ${all}`,
    memoryMeans: (promised: string, available: string) => `${promised} of memory is promised to machines that run; ${available} is free.`,
    selected: (amount: number) => `${amount} machines selected`,
    selectedMore: 'What you press here is done to all of them that can.',
    clearSelection: 'Clear selection',
    noneCan: (what: string) => `${what} is not possible for any of them now.`,
    doToSome: (what: string, some: number) => `${what} (${some})`,
  },

  machine: {
    tabs: { console: 'Console', overview: 'Overview', hardware: 'Hardware', network: 'Network', timeline: 'Timeline', log: 'Log' },
    tabsLabel: (name: string) => `Views of ${name}`,
    actions: (name: string) => `Actions of ${name}`,
    moreActions: 'More actions',
    rename: 'Rename',
    copyName: (name: string) => `${name} copy`.slice(0, 80),
    copyId: 'Copy id',
    up: (duration: string) => `up ${duration}`,
    cpus: (amount: number) => plural(amount, 'CPU', 'CPUs'),
    agentAnswers: 'agent answers',
    noForwards: 'no forwarded ports',
    waitsFor: (amount: number) => `${plural(amount, 'change waits', 'changes wait')} for the next start:`,
    fromTo: (what: string, from: string, to: string) => `${what} ${from} to ${to}`,
    review: 'Review',
    restartAndApply: 'Restart and apply',
    restarting: 'Restarting', restartingMore: 'Its guest is asked to shut down; then it starts again.',
    gone: 'This machine is not here',
    goneMore: 'It was deleted, or its address is from another computer. Deleted machines rest in the trash, which is in the settings.',
    choose: 'No machine is selected',
    chooseMore: 'Choose one in the list, or make a new one.',
    startAgain: 'Start again',
    crashKept: 'Its disks and settings are kept as they were at that moment.',
    brokenKept: 'Nothing of it was changed or deleted. It cannot be used until its files are readable again.',
    qemuSaid: 'QEMU said',
    switchOffInstead: 'Switch it off',
    folder: 'Folder',
  },

  shortcuts: {
    title: 'Keys',
    groups: (newMachine: string, tabs: string): readonly { readonly title: string; readonly keys: readonly (readonly [string, string])[] }[] => [
      { title: 'Everywhere', keys: [['Ctrl K', 'find a machine or do anything'], ['Ctrl Shift K', 'the same while a console has the keyboard'], [newMachine, 'new machine'], ['Ctrl B', 'hide or show the list'], [tabs, 'views of a machine'], ['?', 'these keys']] },
      { title: 'In the list', keys: [['/', 'search'], ['↑ ↓', 'choose'], ['Enter', 'to the console'], ['Space', 'start, pause or resume'], ['← →', 'fold, unfold a group'], ['Shift ↑ ↓', 'mark several'], ['Ctrl A', 'mark all'], ['Menu', 'all actions'], ['F2', 'rename'], ['Del', 'delete']] },
      { title: 'In the timeline', keys: [['↑ ↓ ← →', 'walk the tree'], ['Enter', 'restore'], ['B', 'branch'], ['F', 'fork'], ['F2', 'rename'], ['Del', 'delete']] },
      { title: 'In the grid', keys: [['↑ ↓ ← →', 'move'], ['Enter', 'open'], ['Space', 'tick'], ['T', 'type to all ticked'], ['F', 'only failed ones']] },
      { title: 'In the screen console', keys: [['Ctrl Alt', 'gives the keyboard back to the window']] },
      { title: 'In the serial console', keys: [['Ctrl Shift F', 'search'], ['Ctrl Shift C', 'copy'], ['Ctrl Shift V', 'paste']] },
    ],
  },

  jobs: {
    noneRunning: 'none running', running: (amount: number) => `${amount} running`, none: 'Long work shows here: images, checkpoints, clones, imports.', needsYou: 'Needs you', finished: 'Finished',
    left: (duration: string) => `${duration} left`, goOn: 'Jobs go on when the window closes.', state: { running: 'running', done: 'done', failed: 'failed', cancelled: 'cancelled' },
  },

  palette: {
    groups: { do: 'Do', goTo: 'Go to', help: 'Help' }, nothing: (query: string) => `Nothing is called "${query}".`, choose: 'choose', doIt: 'do it', close: 'close', asksFirst: 'asks first',
    tabOf: (tab: string, name: string) => `${tab} of ${name}`, doctorFact: 'what this host can do', sidebar: 'Hide or show the list', ofCheckpoint: (what: string, label: string, name: string) => `${what} "${label}" of ${name}`, forkMany: (name: string) => `Fork ${name} several times`,
    insert: (disc: string, name: string) => `Insert ${disc} into ${name}`, eject: (name: string) => `Eject the disc of ${name}`, cable: (connect: boolean, name: string) => (connect ? `Plug in the network cable of ${name}` : `Unplug the network cable of ${name}`),
    withOptions: 'with options', copyLine: 'as a command line', lineCopied: (line: string) => `Copied: ${line}`, notCopied: 'Not copied: the browser did not let this page write to the clipboard.', copyAddress: (address: string, name: string) => `Copy ${address} of ${name}`, toPort: (port: number) => `to guest port ${port}`, copyId: (name: string) => `Copy the id of ${name}`,
    options: {
      back: 'Back', escBack: 'back', copy: 'Copy the command line', empty: 'Write something.', badCount: 'A whole number from 1 to 100.', badSeconds: 'A whole number from 1 to 3600.',
      label: { name: 'Name', count: 'How many', label: 'Label', throwaway: 'Throwaway', timeoutSeconds: 'Seconds it may take' },
      placeholder: { name: 'as Mayfly names it', count: '1', label: 'the time', timeoutSeconds: 'as the machine is set', throwaway: '' },
    },
  },

  ...consoles,

  log: {
    source: 'Which log', sources: { events: 'Events', qemu: 'QEMU', serial: 'Serial', qmp: 'Monitor' }, search: 'Search this log', follow: 'Follow', copy: 'Copy the lines shown', cannotRead: 'This log cannot be read',
    lines: (amount: number) => plural(amount, 'line', 'lines'), linesOf: (shown: number, all: number) => `${shown} of ${plural(all, 'line', 'lines')}`, skipped: (bytes: number) => `${plural(bytes, 'byte', 'bytes')} came faster than they could be shown and were left out; the log file has them all.`,
    noMatch: (query: string) => `No line contains "${query}".`,
    empty: { events: 'Nothing happened yet. Starts, stops and crashes are told here.', qemu: 'QEMU said nothing yet.', serial: 'The guest wrote nothing on its serial port yet.', qmp: 'Nothing was asked of QEMU since the engine began.' },
  },

  hardware: {
    cannotRead: 'The hardware cannot be read', side: 'What waits, and the host', size: 'Size', now: 'now', nowIs: (size: string) => `now ${size}`, later: 'at next start', apply: 'Apply', undo: 'Undo', to: 'to', fromTo: (what: string, from: string, to: string) => `${what} ${from} to ${to}`, grow: (disk: string) => `Grow ${disk}`,
    badCpus: 'Write how many, such as 4.', tooManyCpus: (most: number) => `At most ${most} here.`, badSize: 'Write a size, such as 1.5 GiB.', neverShrinks: (size: string) => `It is ${size} and never shrinks.`, diskRefused: (size: string) => `The host's disk has only ${size}.`, diskSays: (used: string, free: string) => `${used} really used. Safe to ${free}. Grows, never shrinks.`,
    waits: 'Waits for the next start', nothingWaits: 'Nothing: the guest has everything as set here.', drop: 'Drop', dropAll: 'Drop all', fields: { cpus: 'CPUs', memoryMiB: 'Memory', 'display.model': 'Display', display: 'Display', sound: 'Sound', clipboard: 'Shared clipboard', tpm: 'TPM', firmware: 'Firmware', balloon: 'Balloon', watchdog: 'Watchdog', cpuModel: 'CPU model', accelerator: 'Accelerator' } as Readonly<Record<string, string>>,
    hostAfter: 'The host after that', hostPromised: (memory: string, of: string, cpus: number, ofCpus: number) => `${memory} of ${of} promised, ${plural(cpus, 'CPU', 'CPUs')} on ${plural(ofCpus, 'thread', 'threads')}.`, hostParts: (name: string, own: string, others: string, free: string, kept: string) => `${name} ${own}, others ${others}, free ${free}, kept for the host ${kept}`,
    fixed: 'Fixed at first start', notFixed: 'Settled when it first starts, and kept from then on.', cpuModel: 'CPU model', devices: 'Devices', add: 'Add device', disk: 'Disk', addDisk: 'Add disk', reserve: 'Reserve its space now', reserveMeans: 'takes a while; its progress is under Jobs', nic: 'Network card', label: 'Label', labelEmpty: 'data', tpm: 'TPM 2.0', watchdog: 'Watchdog', diskName: (name: string) => `Disk, ${name}`,
    used: (size: string, layers: number) => `${size} used, ${plural(layers, 'layer', 'layers')}`, readOnly: 'read only', cacheDirect: 'past the host\'s cache', cacheUnsafe: 'flushes ignored', removeDisk: (disk: string) => `Delete ${disk} and its data`, removeDiskTitle: (disk: string, machine: string) => `Delete ${disk} of ${machine}?`, removeDiskBody: (size: string, used: string) => `The disk of ${size}, ${used} of it used, is deleted for good with all that is on it. It does not go to the trash.`, removeDiskCheckpoints: (amount: number) => `${plural(amount, 'checkpoint keeps', 'checkpoints keep')} what they hold of it; the present does not.`, removeDiskType: (disk: string) => `Write ${disk} to confirm`, removing: 'It is being deleted.', removeOff: 'A disk is deleted while the machine is off.', cdName: 'CD drive', empty: 'empty', discGone: 'a disc that is no image any more', insert: 'Insert', changeDisc: 'Change', eject: 'Eject', noDiscs: 'There is no disc image. Images adds one.',
    nicName: 'Network', forwards: (amount: number) => plural(amount, 'forward', 'forwards'), cableIn: 'cable in', cableOut: 'cable out', edit: 'Edit', display: 'Display', displays: { 'virtio-vga': 'virtio-vga, follows the view', std: 'standard VGA, for any system', none: 'none, serial only' }, tablet: 'tablet: the pointer goes where yours is', noTablet: 'no tablet',
    balloon: 'Balloon', balloonOn: 'tells what the guest uses', balloonOff: 'none: what the guest uses is not known', remove: 'Remove', addOne: 'Add', removeTpm: 'Remove the TPM', removeWatchdog: 'Remove the watchdog', watchdogDoes: { reset: 'resets the guest when it hangs', poweroff: 'switches off when the guest hangs', pause: 'pauses when the guest hangs', none: 'only tells when the guest hangs' },
    firmware: 'Firmware', firmwares: { bios: 'BIOS', uefi: 'UEFI' }, secureBoot: 'Secure Boot on', noSecureBoot: 'Secure Boot off', bootOrder: 'Boot order', noBootOrder: 'the firmware decides', directBoot: 'its kernel is started directly', sound: 'Sound', sounds: { none: 'no sound card', on: 'a sound card' }, heardThrough: (outlet: string) => `heard through ${outlet}`, outlets: { pa: 'the sound server of this host', alsa: 'the sound card of this host' } as Readonly<Record<string, string>>, notHeard: 'not heard on this host', notHeardTitle: 'Nobody hears this machine', removeSound: 'Remove the sound card',
  },

  network: {
    cannotRead: 'The network settings cannot be read', none: 'No network card', noneMore: 'This machine reaches nothing and nothing reaches it.', addNic: 'Add a network card', addLater: 'A running guest sees it at its next start.',
    card: (number: number) => `Network card ${number}`, user: 'user network: reaches out; is reached only through the ports below', restricted: 'cut off from everything but the ports below',
    cable: (connect: boolean) => (connect ? 'Plug in the cable' : 'Unplug the cable'), cableOut: 'The cable is out.', cableOutMore: 'The guest sees no network until it is plugged in.', remove: 'Remove', removeForward: (address: string) => `Remove ${address}`,
    onHost: 'On this host', inGuest: 'Port in the guest', protocol: 'Protocol', who: 'Who reaches it', actions: 'Actions', onlyHost: 'only this host', everybody: 'other computers, too', notBound: '(not bound)', noForwards: 'No port is forwarded to the guest.',
    services: { 21: 'ftp', 22: 'ssh', 25: 'smtp', 53: 'dns', 80: 'http', 443: 'https', 3306: 'mysql', 3389: 'rdp', 5432: 'postgres', 5900: 'vnc', 6379: 'redis', 8080: 'http', 8443: 'https' } as Readonly<Record<number, string>>,
    add: 'Add forward', badListen: 'Write a port, or an IPv4 address and a port: 127.0.0.1:8080.', badPort: 'Write a port from 1 to 65535.', taken: (name: string, port: number) => `${name} already uses port ${port}.`, use: (port: number) => `Use ${port}`,
    nowMore: 'Forwards and cables change at once, also while the machine runs.', inside: 'Inside the guest', fromAgent: 'as its agent says', agentSilent: 'its agent does not answer', noGuestAddress: 'The guest has no address now. One it gets is shown here by itself.',
  },

  overview: {
    cannotRead: 'This machine cannot be read', diskUse: 'Real disk use', diskUseMore: 'what its disks take on this host', noDisks: 'It has no disk.', facts: 'Facts', addresses: 'Addresses', forward: 'Forward a port', noAddresses: 'No port is forwarded to the guest.', insideGuest: (name: string) => `inside the guest, ${name}`, own: 'Own', shared: 'Shared', checkpointRam: 'RAM of checkpoints',
    diskLine: (used: string, size: string, shared: string | undefined, layers: number) => `${used} of ${size}${shared === undefined ? '' : `, ${shared} shared`}, ${plural(layers, 'layer', 'layers')}`,
    toGuest: (port: number, protocol: string, service: string | undefined) => `to guest port ${port}${protocol === 'udp' ? ' (udp)' : ''}${service === undefined ? '' : `, ${service}`}`,
    machine: 'Machine', up: 'Up', upSince: (duration: string, since: string) => `${duration}, since ${since}`, size: 'Size', agent: 'Guest agent', agentState: { off: 'off', silent: 'does not answer yet', answering: 'answers' }, accelerator: 'Accelerator', accelerators: { kvm: 'KVM', tcg: 'software emulation' },
    process: 'Process', realMemory: 'Real memory', sharedMemory: (size: string) => `${size} more is shared with other processes`, machineType: 'Machine type', lastEnd: 'Last end', endBefore: 'Before that', created: 'Created', notes: 'Notes', notesEmpty: 'What this machine is for, what must not be deleted.', keepNotes: 'Keep the notes', keeping: 'keeping', notKept: 'kept when you leave the field',
    tags: 'Tags', tagsMore: 'the first is its group in the list', addTag: 'Add a tag', removeTag: (tag: string) => `Remove the tag ${tag}`, changeTags: 'Change the tags',
    now: 'Now', every: (span: string) => `every second, the last ${span}`, cpu: 'CPU', memory: 'Memory', disk: 'Disk', network: 'Network', ofCpus: (used: string, all: number) => `${used} of ${plural(all, 'CPU', 'CPUs')}`, hardlyCpus: (all: number) => `less than 0.1 of ${plural(all, 'CPU', 'CPUs')}`, ofMemory: (all: string) => `of ${all} given`, residentOnly: 'resident on this host; the guest does not say what it uses',
    graph: (what: string) => `${what} over time`, read: 'read', written: (rate: string) => `written ${rate}`, in: 'in', out: (rate: string) => `out ${rate}`, networkUnknown: 'The guest agent does not count it.', measuring: 'Measuring begins.', graphsOff: 'Graphs are drawn while the machine runs.',
  },

  doctor: {
    checking: 'Checking. Nothing is changed on this host.', checked: (checks: number, took: string, when: string) => `${plural(checks, 'check', 'checks')} in ${took}, at ${when}. Nothing was changed on this host.`, copyReport: 'Copy report', again: 'Check again', groups: 'Kinds of findings',
    status: { all: 'All', problem: 'Problems', warning: 'Warnings', unknown: 'Not known', ok: 'Good' }, cannot: 'The checks could not be made', none: 'Nothing of this kind was found.', found: 'Found', tried: 'Tried', concerns: 'Concerns', needsRoot: 'It needs root.', copyCommand: 'Copy command',
  },

  about: {
    what: 'Virtual machines that hatch in milliseconds.', copy: 'Copy diagnostics', noEngine: 'The engine does not tell', version: 'Version', engine: 'Engine', stays: 'Busy with', noObligations: 'nothing but whoever is connected', licence: 'Licence', system: 'System', processor: 'Processor', noQemu: 'not found; the doctor says what to do', none: 'none', data: 'Machines', config: 'Settings', cache: 'Cache',
    engineLine: (pid: number, holder: string, up: string, memory: string) => `process ${pid}, held by ${holder}, up ${up}, ${memory}`, holders: { cli: 'itself', serve: 'mayfly serve', window: 'the window', test: 'a test' } as Readonly<Record<string, string>>,
  },

  settings: {
    kept: 'Kept on this computer. Nothing here changes a machine.', theme: 'Theme', themes: { auto: 'As the system', light: 'Light', dark: 'Dark' }, folders: 'Folders', foldersMore: 'They follow MAYFLY_HOME, set before Mayfly starts, and are not changed here.', folder: { data: 'Machines', config: 'Settings', cache: 'Cache', runtime: 'Sockets' }, qemuMore: 'MAYFLY_QEMU names another binary',
    trash: 'Trash', trashEmpty: 'empty', trashHolds: (amount: number, size: string) => `${plural(amount, 'machine', 'machines')}, ${size}`, empty: 'Empty', emptyAll: (amount: number, size: string) => `Delete ${plural(amount, 'machine', 'machines')} for good, ${size}`, trashFailed: 'The trash', deleted: (when: string, size: string) => `deleted ${when}, ${size}`, restore: 'Restore',
  },

  ask: {
    title: { switchOff: (name: string) => `Switch off ${name}?`, reset: (name: string) => `Reset ${name}?`, delete: (name: string) => `Delete ${name}?` },
    body: {
      switchOff: 'The guest gets no time to write what it holds in memory, as if the plug were pulled. Its disks are kept.',
      reset: 'The guest starts anew at once, without shutting down. What it had not written to disk is lost.',
      delete: 'It goes to the trash with its disks and can be restored from there.',
      deleteThrowaway: 'It is a throwaway: it is deleted for good, with its disks, and does not go to the trash.',
      deleteRunning: 'It is switched off first. Then it goes to the trash with its disks and can be restored from there.',
    },
    checkpointsGo: (amount: number, forGood: boolean) => `${amount === 1 ? 'Its checkpoint goes with it' : `${amount} checkpoints go with it`}${forGood ? ', for good' : ', and come back with it'}:`,
    forksStay: (amount: number) => `${amount === 1 ? 'Its fork stays as it is' : `${amount} forks stay as they are`}, with all they need:`,
    andMore: (names: string, more: number) => `${names} and ${more} more`,
    many: (what: string, amount: number) => `${what} ${amount} machines?`,
    doMany: (what: string, amount: number) => `${what} ${amount} machines`,
    machines: (amount: number) => plural(amount, 'machine', 'machines'),
    inTrash: (what: string) => `In the trash: ${what}`,
    undo: 'Undo',
    openTrash: 'Open the trash',
    restored: (what: string) => `Back from the trash: ${what}`,
    stillInTrash: (what: string) => `Still in the trash: ${what}`,
    renameTitle: (name: string) => `Rename ${name}`,
    newName: 'New name',
    rename: 'Rename',
  },
} as const
