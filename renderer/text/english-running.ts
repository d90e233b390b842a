/** English, for the grid of consoles, templates and throwaway runs. */
import { plural } from './numbers.ts'

export const running = {
  grid: {
    title: 'Consoles', titleForks: (amount: number, name: string) => `${plural(amount, 'fork', 'forks')} of ${name}`, titleMarked: (amount: number) => `${plural(amount, 'machine', 'machines')} marked`, titleRun: (number: number) => `Machines of run ${number}`,
    facts: (machines: number, memory: string) => `${plural(machines, 'machine', 'machines')} on, ${memory} given`, factsReal: (machines: number, memory: string, real: string) => `${plural(machines, 'machine', 'machines')} on, ${memory} given, really using ${real}`,
    back: 'Back to the list of machines',
    counts: { running: 'running', passed: 'passed', failed: 'failed', paused: 'paused', busy: 'busy', stopped: 'off', unknown: 'unknown' }, countsLabel: 'How many of what state; press one to see only those',
    pauseAll: 'Pause all', resumeAll: 'Resume all', deleteAll: (amount: number) => `Delete ${amount}`, forkMore: 'Fork more', noneCan: 'None of them can now.',
    filter: 'Which are shown', filters: { all: 'All', running: 'Running', failed: 'Failed' }, size: 'Size of the pictures', sizes: { large: 'Large', middle: 'Middle', small: 'Small' },
    typing: (amount: number) => `Typing to ${amount}`, type: 'Type to all', typeMore: 'What you write goes to every ticked console', tickFirst: 'Tick some machines first: Space, or their boxes.', line: 'What is typed to all ticked consoles', sends: (through: 'serial' | 'screen') => (through === 'serial' ? 'Enter sends to every ticked serial console' : 'Enter types on every ticked keyboard, as at its screen'), stops: 'stops', sent: (amount: number, of: number) => (amount === of ? `sent to ${amount}` : `sent to ${amount} of ${of}`), notSent: (names: string) => `Not sent to ${names}`,
    through: 'Where it is typed', throughs: { serial: 'Serial', screen: 'Keyboard' },
    tick: (name: string) => `Tick ${name}`, tickAll: 'Tick all', tickNone: 'Tick none', live: 'live', moreOf: (name: string) => `More for ${name}`, open: (name: string) => `Open ${name}`, tile: (name: string, state: string) => `${name}, ${state}`, screenOf: (name: string) => `Screen of ${name}`,
    none: 'No consoles to show', noneMore: 'Machines that run are shown here side by side. Start some, or fork one.', noneForks: (name: string) => `${name} has no forks`, noneForksMore: 'Fork it, and its forks are shown here side by side.', noneRun: 'No machine of this run is left', noneRunMore: 'Each is deleted when its command has ended, unless it is kept.', noneFiltered: 'None of them matches this filter.', showAll: 'Show all', showEveryone: 'Consoles of all machines',
    liveConsole: 'Which console is live', liveKinds: { screen: 'Screen', serial: 'Serial' },
  },

  templates: {
    title: 'Templates', lead: 'Machines that were booted to a ready state once. Forks of them are ready in a fraction of a second.',
    make: 'Make a template', none: 'No templates yet', noneMore: 'A template is booted once, until it is ready, and saved with its memory. Every run and every fork begins there, in a fraction of a second.',
    name: 'Template', size: 'Size', forks: 'Forks', pool: 'Warm forks', made: 'Made', state: 'State', actions: 'Actions',
    ready: 'ready', making: 'being made', outdated: 'its image has changed', broken: 'cannot be forked', remake: 'Make again', remakeOf: (name: string) => `Make ${name} again`,
    shape: (cpus: string, memory: string) => `${cpus}, ${memory}`, upTo: (cpus: number, memory: string) => `up to ${plural(cpus, 'CPU', 'CPUs')}, ${memory}`,
    waiting: (waiting: number, wanted: string) => `${waiting} of ${wanted}`, auto: 'auto', poolOf: (name: string) => `How many forks of ${name} wait ready`, poolMeans: 'Forks that wait ready make the next fork faster, and take memory. Auto follows use and free memory.', poolChoices: { auto: 'auto', none: 'none' }, poolNow: (waiting: number) => (waiting === 0 ? 'none waits' : `${waiting} waiting`),
    fork: 'Fork', run: 'Run', runOf: (name: string) => `Run a command in ${name}`, forkOf: (name: string) => `Fork ${name}`, remove: 'Remove', removeOf: (name: string) => `Remove ${name}`, gridOf: (name: string) => `Consoles of the forks of ${name}`, forksOf: (name: string) => `forks of ${name}`, removeTitle: (name: string) => `Remove the template ${name}?`, removeBody: 'Its saved state and its disks are deleted. Forks that live go on; new ones cannot be made.', removing: 'Removing', notRemoved: (name: string) => `${name} was not removed`, notSet: 'The number of warm forks was not changed',
    readyWhen: (condition: string) => `ready when ${condition}`, readyWords: { agent: 'its agent answers', helper: 'its helper answers', serial: (text: string) => `"${text}" is on serial`, command: (command: string) => `"${command}" succeeds` },
    dialog: {
      title: 'Make a template', titleAgain: (name: string) => `Make ${name} again`, name: 'Name', nameMore: 'A template of this name is made anew.', nameEmpty: 'Give it a name.', nameTaken: (name: string) => `${name} is a machine. Choose another name.`,
      of: 'Made of', ofs: { image: 'An image', machine: 'A machine' }, image: 'Image', noImages: 'There is no image that boots by itself. Images adds one.', tinyBuilt: 'Tiny Linux, built first', machine: 'Machine', noMachines: 'There is no machine.', machineOff: 'off: a copy of its disks is booted', machineOn: 'running: as it is now',
      ready: 'Ready when', readies: { usual: 'As the image says, else its agent', agent: 'Its agent answers', helper: 'Its helper answers', serial: 'A text is on serial', command: 'A command succeeds in it' }, serialText: 'Text', command: 'Command', emptyReady: 'Write what is waited for.',
      cpus: 'CPUs', memory: 'Memory', mostCpus: 'Most CPUs', mostMemory: 'Most memory', mostMore: 'What a run may ask for more, plugged in while it runs', asImage: 'usual', badCpus: 'A whole number, 1 or more.', badSize: 'Write a size such as 512 MiB.', lessThanStart: 'Not less than it begins with.',
      timeout: 'Minutes it may take', badMinutes: 'A whole number from 1 to 1440.',
      make: 'Make template', making: 'A job makes it; it is found under Jobs.', notMade: 'It cannot be made',
    },
  },

  runs: {
    title: 'Runs', lead: 'One command in throwaway forks of a template: each is deleted when its command has ended, and its evidence is kept.',
    start: 'New run', none: 'No runs yet', noneMore: 'A run forks a template, runs a command in each fork, keeps output, exit status, serial log and the last screen, and deletes the forks.', needTemplate: 'A run needs a template to fork.',
    number: (number: number) => `Run ${number}`, run: 'Run', command: 'Command', template: 'Template', result: 'Result', took: 'Took', started: 'Started', actions: 'Actions',
    states: { running: 'Running', passed: 'Passed', failed: 'Failed', cancelled: 'Stopped' }, done: (done: number, all: number) => `${done} of ${all} done`, outcome: (passed: number, failed: number) => [passed === 0 ? '' : `${passed} passed`, failed === 0 ? '' : `${failed} failed`].filter((part) => part !== '').join(', '),
    startedAt: (clock: string, took: string) => `started ${clock}, ${took}`,
    cellStates: { waiting: 'Waiting', starting: 'Starting', running: 'Running', passed: 'Passed', failed: 'Failed', 'timed-out': 'Timed out', cancelled: 'Stopped' },
    exit: (status: number) => `exit ${status}`, signal: (name: string) => `ended by ${name}`, noExit: 'no exit status',
    facts: { template: 'Template', each: 'Each', atOnce: 'At once', timeout: 'Time-out', failedOnes: 'Failed ones', copyOut: 'Kept' }, kept1h: 'kept 1 h', deleted: 'deleted', noTimeout: 'none',
    openEvidence: 'Save evidence', evidenceMeans: 'All evidence as one archive: a folder for each cell, and junit.xml', stop: 'Stop', again: 'Run again', againChanged: 'Run again with changes', ownEnvironment: 'It was given variables whose values are kept nowhere. Run its command line with them instead.', grid: 'Consoles', remove: 'Remove', removeOf: (number: number) => `Remove run ${number}`, removed: (number: number) => `Run ${number} and its evidence are gone`,
    cells: (amount: number) => plural(amount, 'run', 'runs'), matrixLabel: 'All cells of this run', noValues: 'all', cellOf: (index: number) => `fork ${index + 1}`, repeat: (number: number) => `repeat ${number}`, cellTold: (name: string, state: string) => `${name}, ${state}:`,
    sideBySide: 'Side by side', sideOf: (shown: number, all: number) => `${shown} of ${all}`, which: 'What is compared', views: { output: 'Output', serial: 'Serial', files: 'Files' }, markDiffering: 'Mark lines that differ', chooseCells: 'Choose up to three cells above to compare them.', removeFromComparison: (name: string) => `Take ${name} out of the comparison`,
    readyIn: (took: string) => `ready in ${took}`, kept: (duration: string) => `kept, deletes itself in ${duration}`, keptForGood: 'kept', keep: 'Keep', keepMore: 'Its machine becomes an ordinary one and stays', openConsole: 'Open console', lastScreen: (name: string) => `Last screen of ${name}`, noScreen: 'no screen',
    evidence: 'Evidence', evidenceLater: 'Evidence is written when it ends', outputOf: (name: string) => `Output of ${name}`, serialOf: (name: string) => `Serial log of ${name}`, save: { output: 'output', serial: 'serial', screen: 'screen', all: 'all of it' }, nothingWritten: 'It wrote nothing.', nothingYet: 'It wrote nothing yet.', skipped: (bytes: number) => `${plural(bytes, 'byte', 'bytes')} left out`,
    files: 'What was copied out is in the evidence archive, in the folder of this cell.', filesNone: 'This run copies nothing out.', truncated: 'only its end is shown', waitsForTurn: 'It waits for its turn.', notDone: { stop: 'It was not stopped', keep: 'It was not kept', again: 'It was not started again', evidence: 'The evidence was not saved', remove: 'It was not removed' },
    gone: 'This run is not here', goneMore: 'It was removed, or its address is from another computer.', back: 'All runs',
    form: {
      title: 'New run', lead: 'Each combination of the matrix gets a fork of its own.', template: 'Template', noTemplates: 'There is no template yet. Make one first.', makeTemplate: 'Make a template',
      command: 'Command', commandMore: 'As in a shell: words, quotes, and no pipes unless sh -c runs it.', commandEmpty: 'Write what is to run.', commandQuote: 'A quote is not closed.',
      matrix: 'Matrix', matrixMore: 'A variable of the command\'s environment, and its values with commas between.', key: 'Variable', values: 'Values', keyOf: (index: number) => `Variable ${index + 1}`, valuesOf: (index: number) => `Values ${index + 1}`, addKey: 'Add a variable', removeKey: (key: string) => `Remove ${key}`, badKey: 'Letters, digits and underscores, not a digit first.', twiceKey: 'It stands twice.', noValues: 'Give it values.',
      count: 'How often each', badCount: 'A whole number from 1 to 1000.', parallel: 'At once', parallelMore: 'empty: as many as there are CPUs', badParallel: 'A whole number from 1 to 64.', timeout: 'Time-out', timeoutMore: 'such as 90 s, 5m or 1h; empty: none', badTimeout: 'Write a time such as 90s, 5m or 1h.', keep: 'Keep failed ones', keepMore: 'for an hour, to look at them', copyOut: 'Files to keep', copyOutMore: 'paths in the guest, one a line', cwd: 'Folder', cwdMore: 'to run it in; empty: the usual one',
      cpus: 'CPUs', memory: 'Memory', more: (cpus: number, memory: string) => `at most ${plural(cpus, 'CPU', 'CPUs')} and ${memory}`, asTemplate: 'as the template', badCpus: (most: number) => `A whole number up to ${most}.`, badMemory: (most: string) => `A size up to ${most}.`,
      total: (cells: number) => `${plural(cells, 'fork', 'forks')} in all`, same: 'The same on the command line', copy: 'Copy the command line', go: (cells: number) => (cells === 1 ? 'Run' : `Run ${cells}`), starting: 'Starting', notStarted: 'The run was not started', tooMany: 'At most 1000 forks in one run.',
    },
  },
}
