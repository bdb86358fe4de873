// What may import what. The direction of packages is one table; below it are the rules inside and the ones about libraries.

/** App or package → what it may import besides itself. Tests may use `testkit` too. */
const MAY_IMPORT = {
  launch: [],
  errors: [],
  engine: ['errors'],
  contracts: ['errors', 'engine'],
  config: ['errors'],
  database: ['errors', 'engine', 'contracts', 'config'],
  storage: ['errors', 'engine', 'contracts', 'config'],
  outbound: ['errors'],
  queue: ['errors', 'engine', 'contracts', 'config', 'database'],
  datasets: ['errors', 'engine', 'contracts', 'config', 'storage'],
  api: ['errors', 'engine', 'contracts', 'config', 'database', 'storage', 'queue', 'datasets', 'outbound', 'launch'],
  worker: ['errors', 'engine', 'contracts', 'config', 'database', 'storage', 'queue', 'datasets', 'outbound', 'launch'],
  local: ['errors', 'config', 'contracts', 'database', 'storage', 'queue', 'launch'],
  testkit: ['errors', 'config', 'contracts', 'database', 'storage', 'queue', 'datasets', 'local', 'engine'],
}

const TEST = '(\\.test\\.ts|/test-[a-z-]+\\.ts)$|/testing/'

const direction = Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
  name: `direction-${name}`,
  comment: `${name} may import ${allowed.length === 0 ? 'no other package' : allowed.join(', ')}: move the code down, or pass it in.`,
  severity: 'error',
  from: { path: `^(apps|packages)/${name}/`, pathNot: TEST },
  to: { path: '^(apps|packages)/', pathNot: `^(apps|packages)/(${[name, ...allowed].join('|')})/` },
}))

/** Inside the engine, from the top down (a type may be named from above); `autodiff` stands beside `ops` and sees the op contract only. */
const ENGINE_TIERS = {
  core: [],
  random: ['core'],
  ops: ['core', 'random'],
  layers: ['core', 'ops', 'spec', 'initializers'],
  losses: ['core', 'ops'],
  optim: ['core', 'ops'],
  metrics: ['spec'],
  initializers: ['core', 'random'],
  safetensors: [],
}

const engineTiers = Object.entries(ENGINE_TIERS).map(([name, allowed]) => ({
  name: `engine-tier-${name}`,
  comment: `packages/engine/src/${name} may import ${allowed.length === 0 ? 'nothing else of the engine' : allowed.join(', ')}: imports go down only.`,
  severity: 'error',
  from: { path: `^packages/engine/src/${name}/`, pathNot: TEST },
  to: {
    path: '^packages/engine/src/',
    pathNot: `^packages/engine/src/(${[name, ...allowed].join('|')})/`,
    dependencyTypesNot: ['type-only'],
  },
}))

export default {
  forbidden: [
    ...direction,
    ...engineTiers,
    {
      name: 'no-circular',
      comment: 'Files import each other in a circle: move what both need into a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'engine-does-no-io',
      comment: 'The engine is pure: pass bytes, clock and randomness in. Only backends/onednn loads a library, through koffi.',
      severity: 'error',
      from: { path: '^packages/engine/src/', pathNot: `${TEST}|^packages/engine/src/(cli|testing|backends/onednn)/` },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '(^|/)zod(/|$)' },
    },
    {
      name: 'engine-onednn-loads-its-library',
      comment: 'backends/onednn may use koffi and what it takes to find the library (node:fs, node:os), nothing else.',
      severity: 'error',
      from: { path: '^packages/engine/src/backends/onednn/', pathNot: TEST },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '(^|/)(zod|koffi)(/|$)|^(node:)?(fs|os|path)$' },
    },
    {
      name: 'autodiff-sees-no-op',
      comment: 'autodiff uses the op contract (ops/op.ts) and the registry handed to it, never a concrete op.',
      severity: 'error',
      from: { path: '^packages/engine/src/autodiff/', pathNot: TEST },
      to: {
        path: '^packages/engine/src/(layers|losses|optim|train|backends|ops)/',
        pathNot: '^packages/engine/src/ops/(op|registry|index)\\.ts$',
      },
    },
    {
      name: 'api-does-not-train',
      comment: 'The API validates and estimates: of the engine it imports ./spec and ./plan only.',
      severity: 'error',
      from: { path: '^apps/api/', pathNot: TEST },
      to: { path: '^packages/engine/', pathNot: '^packages/engine/src/(spec|plan)/' },
    },
    {
      name: 'only-database-touches-tables',
      comment:
        'Prisma and pg belong to packages/database: add a repository function. (queue, local and testkit administer servers with pg.)',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: `^packages/(database|queue|local|testkit)/|${TEST}` },
      to: { path: 'node_modules/(pg|@prisma|prisma)/|^packages/database/src/generated/' },
    },
    {
      name: 'only-database-touches-prisma',
      comment: 'Prisma belongs to packages/database.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: '^packages/database/' },
      to: { path: 'node_modules/(@prisma|prisma)/|^packages/database/src/generated/' },
    },
    {
      name: 'declared',
      comment: 'Add the library to the dependencies of the package that imports it.',
      severity: 'error',
      from: { path: '^(apps|packages)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/generated/internal/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'], extensions: ['.ts', '.js'] },
  },
}
