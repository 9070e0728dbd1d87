/** The walls of the house. Each rule says why it stands. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Data flows one way; a cycle of modules is a room without a door.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'schemas-import-nothing-of-ours',
      comment: 'Contracts are the ground floor: they know no service.',
      severity: 'error',
      from: { path: '^schemas/' },
      to: { path: '^(services|dashboards|deploy|test)/' },
    },
    {
      name: 'runtime-knows-no-service',
      comment: 'Plumbing without a word of the domain: only schemas lie below it.',
      severity: 'error',
      from: { path: '^services/runtime/' },
      to: { path: '^services/(?!runtime/)' },
    },
    {
      name: 'services-meet-only-on-topics',
      comment:
        'A service never imports another one; they meet on topics and over HTTP. policy/ is the one domain library.',
      severity: 'error',
      from: { path: '^services/(?!runtime/|cli|launch/)([^/]+)/' },
      to: { path: '^services/(?!runtime/|policy/)([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'policy-is-a-library',
      comment: 'The policy language is pure: it parses, checks and evaluates, and knows no process.',
      severity: 'error',
      from: { path: '^services/policy/' },
      to: { path: '^services/(?!policy/|runtime/errors\\.ts)' },
    },
    {
      name: 'detectors-are-pure',
      comment: 'No client, no clock, no logger, no Node built-in: a detector is a fold over decisions.',
      severity: 'error',
      from: { path: '^services/scoring/(detectors|statistics)/' },
      to: {
        pathNot: [
          '^services/scoring/(detectors|statistics|state)/',
          '^services/scoring/detector\\.ts$',
          '^schemas/',
          '^node_modules/simple-statistics/',
        ],
      },
    },
    {
      name: 'nobody-imports-the-command-line',
      comment: 'cli.ts reads the command line and hands over; nothing depends on it.',
      severity: 'error',
      from: { pathNot: '^(services/cli(\\.ts$|/)|test/)' },
      to: { path: '^services/cli(\\.ts$|/)' },
    },
    {
      name: 'no-code-imports-tests',
      comment: 'What only tests use lives under test/.',
      severity: 'error',
      from: { path: '^(services|schemas|dashboards)/' },
      to: { path: '^test/' },
    },
    {
      name: 'dashboards-read-contracts-only',
      comment: 'A dashboard is a definition: it talks to the store through Grafana, never to our code.',
      severity: 'error',
      from: { path: '^dashboards/' },
      to: { path: '^services/' },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that resolves to nothing fails at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies-in-services',
      comment: 'What ships runs without development packages.',
      severity: 'error',
      from: { path: '^(services|schemas)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
