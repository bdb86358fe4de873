// A CSV of two million rows and a zip of 100,000 images, made here, prepared as the worker prepares them: time beside pandas and PIL reading the same
// files, and peak memory, which has to stay under 512 MB.
//
// usage: npm run bench:formats -- [--rows 2000000] [--images 100000] [--folder FOLDER] [--python python3] [--only csv|zip]

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { launchArguments } from '@trainyard/launch'
import { trainerEnvironment } from '../../apps/worker/src/supervisor/trainer-environment.ts'
import { csvFile, imageZip } from './generate.ts'

const PEAK_MB_MAX = 512

interface Measured {
  readonly seconds: number
  readonly cpu: number
  readonly peakMb: number
  readonly rows: number
}

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000' },
    images: { type: 'string', default: '100000' },
    folder: { type: 'string', default: join(tmpdir(), 'trainyard-bench-formats') },
    python: { type: 'string', default: 'python3' },
    only: { type: 'string' },
  },
})
mkdirSync(values.folder, { recursive: true })
const scratch = mkdtempSync(join(tmpdir(), 'trainyard-bench-'))
const file = (name: string) => fileURLToPath(new URL(name, import.meta.url))
try {
  console.log('| file | rows | what | wall | CPU | peak memory |')
  console.log('|---|---:|---|---:|---:|---:|')
  if (values.only !== 'zip') measure('CSV', await csvFile(values.folder, Number(values.rows)), 'pandas.read_csv')
  if (values.only !== 'csv') measure('zip of PNG', await imageZip(values.folder, Number(values.images)), 'zipfile, PIL, NumPy')
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

function measure(kind: string, path: string, peer: string): void {
  // As a worker would start a trainer.
  const env = trainerEnvironment({ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }, 1)
  const node = (script: string, ...args: string[]) => run(process.execPath, launchArguments(file(script), path, ...args), env)
  report(kind, 'read rows', node('./read-child.ts'))
  const prepared = node('./prepare-child.ts', join(scratch, kind))
  report(kind, '**prepared**', prepared)
  report(kind, peer, run(values.python, [file('../peers/read_data.py'), path]))
  if (prepared === null || prepared.peakMb > PEAK_MB_MAX) process.exitCode = 1
}

function run(program: string, args: readonly string[], env = process.env): Measured | null {
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', env })
  if (status === 0) return JSON.parse(stdout) as Measured
  console.error(stderr)
  return null
}

function report(kind: string, what: string, measured: Measured | null): void {
  if (measured === null) console.log(`| ${kind} | | ${what} | not run | | |`)
  else {
    const { rows, seconds, cpu, peakMb } = measured
    console.log(
      `| ${kind} | ${rows.toLocaleString('en')} | ${what} | ${seconds.toFixed(1)} s | ${cpu.toFixed(1)} s | ${peakMb.toFixed(0)} MB |`,
    )
  }
}
