// The code of trainers as two files that Node runs as they are: one for the process, one for its data thread. Modules that are compiled and
// found one by one cost a trainer several times as much as its own work before the first step (docs/adr/0021-trainers-start-from-one-file.md).

import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from '@trainyard/launch'
import type { Plugin } from 'esbuild'

const MAIN = fileURLToPath(new URL('../trainer/main.ts', import.meta.url))
const DATA_THREAD = createRequire(import.meta.url).resolve('@trainyard/datasets/data-thread')

/** They load libraries that lie beside them, and stay where they are. */
const NATIVE: Plugin = {
  name: 'native',
  setup({ onResolve }) {
    onResolve({ filter: /^(koffi|sharp)$/ }, ({ path, importer }) => ({
      path: pathToFileURL(createRequire(importer).resolve(path)).href,
      external: true,
    }))
  },
}

/**
 * @param directory exists; gets the files, and source maps for the stacks of errors
 * @param main what runs instead of the trainer, for tests
 * @returns the file to start
 * @throws Error when the code cannot be compiled or written
 */
export async function bundleTrainer(directory: string, main: string = MAIN): Promise<string> {
  // The names under which a trainer looks for them: DATA_THREAD's beside the file that starts it.
  await bundle({ trainer: main, 'data-thread.entry': DATA_THREAD }, directory, [NATIVE])
  return join(directory, 'trainer.mjs')
}
