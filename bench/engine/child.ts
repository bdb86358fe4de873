// Runs one measurement in a process of its own, so that threads and peak memory are its own, and reads its line of JSON.

import { spawnSync } from 'node:child_process'
import { trainerEnvironment } from '../../apps/worker/src/supervisor/trainer-environment.ts'

const OURS = new URL('ours.ts', import.meta.url).pathname
const DATA = new URL('data.ts', import.meta.url).pathname
const TRAINED = new URL('trained.ts', import.meta.url).pathname
const HEAP = new URL('heap.ts', import.meta.url).pathname
const PEER = new URL('../peers/torch_step.py', import.meta.url).pathname

/** With flags of Node: room for all that is measured, so that nothing is collected in between. */
const SCRIPTS = {
  ours: [OURS],
  data: [DATA],
  trained: [TRAINED],
  heap: ['--min-semi-space-size=64', '--max-semi-space-size=64', HEAP],
} as const

/** Ours, as a worker would start a trainer. */
export function runOurs<T>(script: keyof typeof SCRIPTS, threads: string, args: readonly string[]): T {
  const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }
  const flags = ['--expose-gc', '--import', 'tsx', ...SCRIPTS[script]]
  return run(process.execPath, [...flags, ...args], trainerEnvironment(inherited, Number(threads)))
}

/** The peer, with its own defaults. */
export function runPeer<T>(python: string, threads: string, args: readonly string[]): T {
  return run(python, [PEER, ...args, threads], { ...process.env, OMP_NUM_THREADS: threads })
}

function run<T>(command: string, args: readonly string[], env: NodeJS.ProcessEnv): T {
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as T
}
