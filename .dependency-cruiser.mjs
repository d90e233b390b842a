/**
 * Who may know whom, as docs/contributing.md says it. Each rule's comment names what to do
 * instead; it is printed with the violation.
 */

const tests = '\\.(test|fixture)\\.tsx?$'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'contract-imports-nothing-of-ours',
      comment: 'contract/ is what everybody knows; it knows nobody. Move what it needs into it.',
      severity: 'error',
      from: { path: '^contract/', pathNot: tests },
      to: { path: '^(engine|hosts|electron|renderer|native|build|bench|e2e)/' },
    },
    {
      name: 'contract-has-no-runtime',
      comment: 'contract/ runs in every process: no Node, no Electron.',
      severity: 'error',
      from: { path: '^contract/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'engine-knows-no-host',
      comment: 'engine/ is plain Node and is held by any host: hand what it needs in as an argument.',
      severity: 'error',
      from: { path: '^engine/', pathNot: tests },
      to: { path: '^(hosts|electron|renderer|build|bench|e2e)/' },
    },
    {
      name: 'engine-never-electron',
      comment: 'engine/ runs without Electron and without a browser, also through others.',
      severity: 'error',
      from: { path: '^engine/' },
      to: { path: '(^|/)(electron|node_modules/(electron|react|react-dom|zustand|@mantine))(/|$)', reachable: true },
    },
    {
      name: 'argv-is-pure',
      comment: 'engine/qemu/argv is a function from machine and capabilities to arguments: no Node, no clock, no files.',
      severity: 'error',
      from: { path: '^engine/qemu/argv/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'argv-knows-only-the-contract',
      comment: 'engine/qemu/argv imports the contract and itself; hand the rest in.',
      severity: 'error',
      from: { path: '^engine/qemu/argv/', pathNot: tests },
      to: { path: '^(engine|hosts|electron|renderer|native|build|bench|e2e)/', pathNot: '^engine/qemu/argv/' },
    },
    {
      name: 'only-qmp-opens-monitors',
      comment: "engine/qemu/argv and engine/devices build commands; the monitor's socket is engine/qemu/qmp's alone.",
      severity: 'error',
      from: { path: '^engine/(devices|qemu/(argv|firmware|img))/', pathNot: tests },
      to: { path: '^(node:)?net$' },
    },
    {
      name: 'programs-are-started-in-few-places',
      comment: 'QEMU is started by engine/qemu/process, its tools by engine/qemu/img: call those.',
      severity: 'error',
      from: {
        path: '^(contract|engine|renderer|electron)/',
        pathNot: [tests, '^engine/qemu/(process|img)/', '^engine/images/tiny/', '^electron/main/'],
      },
      to: { path: '^(node:)?child_process$' },
    },
    {
      name: 'renderer-knows-the-contract-only',
      comment: "renderer/ reaches machines through the contract's client.",
      severity: 'error',
      from: { path: '^renderer/', pathNot: tests },
      to: { path: '^(engine|hosts|electron|native|build|bench|e2e)/' },
    },
    {
      name: 'renderer-never-reaches-node',
      comment: 'renderer/ is a page: no Node and no engine, also through others.',
      severity: 'error',
      from: { path: '^renderer/', pathNot: [tests, 'vite\\.config\\.ts$'] },
      to: { path: '^(engine/|(node:)?(fs|net|path|os|child_process|crypto|process|stream|http|https|worker_threads)(/|$))', reachable: true },
    },
    {
      name: 'features-do-not-know-each-other',
      comment: 'Two features meet in renderer/app, renderer/state or renderer/ui.',
      severity: 'error',
      from: { path: '^renderer/features/([^/]+)/' },
      to: { path: '^renderer/features/', pathNot: '^renderer/features/$1/' },
    },
    {
      name: 'ui-knows-no-engine',
      comment: 'renderer/ui is components only: what they show comes in as properties.',
      severity: 'error',
      from: { path: '^renderer/ui/', pathNot: tests },
      to: { path: '^(contract|renderer/(app|features|state|client))/' },
    },
    {
      name: 'preload-is-small',
      comment: 'electron/preload hands a port over and nothing else.',
      severity: 'error',
      from: { path: '^electron/preload/' },
      to: { path: '^(engine|hosts|renderer|electron/main)/' },
    },
    {
      name: 'hosts-do-not-know-each-other',
      comment: 'What two hosts share belongs into engine/, contract/, or the folders every host uses: hosts/socket, hosts/holder, and hosts/page for those that show pages.',
      severity: 'error',
      // `mayfly serve` is the command that becomes the other host.
      from: { path: '^(hosts/[^/]+|electron)/', pathNot: [tests, '^hosts/cli/commands/serve\\.ts$'] },
      to: { path: '^(hosts/[^/]+|electron)/', pathNot: '^($1|hosts/socket|hosts/holder|hosts/page)/' },
    },
    {
      name: 'nobody-imports-tests',
      comment: 'What several tests share goes into x.fixture.ts; what the product needs too, into a file of its own.',
      severity: 'error',
      from: {},
      to: { path: '\\.test\\.tsx?$' },
    },
    {
      name: 'only-tests-import-fixtures',
      comment: 'A fixture is for tests alone; what the product needs too goes into a file of its own.',
      severity: 'error',
      from: { pathNot: [tests, '^(e2e|bench)/'] },
      to: { path: '\\.fixture\\.tsx?$' },
    },
    {
      name: 'product-never-reaches-build-or-tests',
      comment: 'build/, bench/ and e2e/ are not shipped.',
      severity: 'error',
      from: { path: '^(contract|engine|hosts|electron|renderer)/', pathNot: tests },
      to: { path: '^(build|bench|e2e)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'Nothing imports this file and it imports nothing: connect it or delete it.',
      severity: 'error',
      from: { orphan: true, pathNot: [tests, '\\.d\\.ts$', '(^|/)tsconfig[^/]*\\.json$', '^build/'] },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment: 'This import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      comment: "The package is not in package.json's dependencies.",
      severity: 'error',
      from: { path: '^(contract|engine|hosts|electron|renderer)/', pathNot: tests },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'npm-peer'], pathNot: '^node_modules/(electron|@types)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|dist)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
}
