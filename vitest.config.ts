import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{apps,packages,tests,bench,scripts,demo}/**/*.test.ts'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    // For what hangs: a test that starts services and trainers takes half a minute on two slow cores that other tests use too.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
