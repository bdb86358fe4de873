import type { Plugin } from 'esbuild'

/**
 * Writes code of ours with what it imports as one file for each entry, with a source map beside it.
 * @param entries name of the file without `.mjs` → path of the code
 * @param directory exists
 * @param plugins decide what stays outside
 * @param first code that runs before each entry
 * @throws Error when the code cannot be compiled or written
 * @example await bundle({ trainer: '/trainyard/apps/worker/src/trainer/main.ts' }, directory, []) // makes directory/trainer.mjs
 */
export function bundle(
  entries: Readonly<Record<string, string>>,
  directory: string,
  plugins: readonly Plugin[],
  first?: readonly string[],
): Promise<void>

/**
 * What Node gets to run code of ours as a process of its own.
 * @param file path of the code; a relative one is taken from the working directory of the process
 * @param args the code's own
 * @example spawn(process.execPath, launchArguments('apps/api/src/server.ts'))
 */
export function launchArguments(file: string, ...args: string[]): string[]
