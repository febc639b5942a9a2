/** The rings of ARCHITECTURE.md as import rules; each message says why the rule exists. */
const ring1 = '^src/(heat|forecast|placement|migration)/'
const ring2 = '^src/(events|database|stores|history)/'
const test = '\\.test\\.ts$|/contract/'

function rule(name, comment, from, to) {
  return { name, severity: 'error', comment, from: { ...from }, to }
}

export default {
  forbidden: [
    rule('no-circular', 'Files that import each other cannot be read one at a time.', {}, { circular: true }),
    rule(
      'domain-imports-nothing',
      'The nouns are the floor of the house: they depend on no other room.',
      { path: '^src/domain/', pathNot: test },
      { path: '^src/(?!domain/)' },
    ),
    rule(
      'decisions-are-pure',
      'heat, forecast, placement and migration are values in, values out: they may know only the nouns.',
      { path: ring1, pathNot: test },
      { path: '^src/', pathNot: ['^src/domain/', '^src/$1/'] },
    ),
    rule(
      'decisions-have-no-effects',
      'A decision that reads a file, the network or the clock cannot be replayed.',
      { path: ring1, pathNot: test },
      { path: '^(node:)?(fs|net|http|https|child_process|worker_threads|dns|os|timers)(/|$)' },
    ),
    rule(
      'world-knows-only-nouns',
      'Rooms of ring 2 hand each other domain values; a shared change must not ripple sideways.',
      { path: ring2, pathNot: test },
      { path: '^src/', pathNot: ['^src/domain/', '^src/telemetry/', '^src/$1/'] },
    ),
    rule(
      'telemetry-is-a-leaf',
      'Everything may be measured, so measuring may depend on nothing.',
      { path: '^src/telemetry/', pathNot: test },
      { path: '^src/(?!telemetry/|domain/)' },
    ),
    rule(
      'workers-do-not-enter',
      'Loops join decisions and the world; entrances and wiring lie outside of them.',
      { path: '^src/workers/', pathNot: test },
      { path: '^src/(api|gateway|simulator|app|cli)/' },
    ),
    rule(
      'entrances-meet-in-the-database',
      'api and gateway never call workers or each other, so that every role can run alone.',
      { path: '^src/(api|gateway)/', pathNot: test },
      { path: '^src/(workers|simulator|app|cli|api|gateway)/', pathNot: '^src/$1/' },
    ),
    rule(
      'nothing-imports-the-front-door',
      'app wires, cli calls app; nothing below may know how it was wired.',
      { pathNot: ['^src/(app|cli)/', '^(bench|tools|test|bin)/', test] },
      { path: '^src/(app|cli)/' },
    ),
    rule(
      'adapters-are-named-in-one-place',
      'Outside stores/ only the contract is known; app and simulator choose the adapter.',
      { path: '^src/', pathNot: ['^src/(stores|app|simulator)/', test] },
      { path: '^src/stores/', pathNot: '^src/stores/(object-store|wrappers/)' },
    ),
    rule(
      'event-sources-are-named-in-one-place',
      'Outside events/ only the contract is known; app and simulator choose the source.',
      { path: '^src/', pathNot: ['^src/(events|app|simulator)/', test] },
      { path: '^src/events/', pathNot: '^src/events/access-event-' },
    ),
    rule(
      'a-store-imports-no-other-store',
      'Each adapter is a room with the same furniture; shared furniture is the contract.',
      { path: '^src/stores/([^/]+)/', pathNot: [test, '^src/stores/(contract|wrappers)/'] },
      { path: '^src/stores/[^/]+/', pathNot: '^src/stores/$1/' },
    ),
    rule(
      'tests-are-not-shipped',
      'What users run must not reach into test files.',
      { path: '^src/', pathNot: test },
      { path: '\\.test\\.ts$|^test/|^bench/|^tools/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
    parser: 'swc',
  },
}
