import { defineConfig } from 'vitest/config'

/** oneDNN has kernels of its own for each. By itself it takes the widest of the machine, so that users of others would find their defects first. */
const NARROWER_INSTRUCTION_SETS = ['SSE41', 'AVX', 'AVX2']
const NUMBERS_OF_ONEDNN = [
  'packages/engine/src/backends/onednn/{load,op-parity,model-parity,random-graphs}.test.ts',
  'packages/engine/golden/trajectories.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    // For what hangs: a test that starts services and trainers takes half a minute on two slow cores that other tests use too.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'service', include: ['{apps,tests,bench,scripts,demo}/**/*.test.ts'] } },
      // Small tests, most of them of pure functions: a process for each file would take longer than they do.
      { extends: true, test: { name: 'packages', include: ['packages/**/*.test.ts'], isolate: false } },
      ...NARROWER_INSTRUCTION_SETS.map((name) => ({
        extends: true as const,
        test: { name, include: NUMBERS_OF_ONEDNN, env: { ONEDNN_MAX_CPU_ISA: name }, isolate: false },
      })),
    ],
  },
})
