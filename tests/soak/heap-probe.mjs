// Loaded before API and worker of a soak. On SIGUSR2 it collects garbage and writes down what is left; with SOAK_PLANT it also keeps something
// each time, so that one can see whether the soak notices.

import { openSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const KEPT_BYTES = { heap: 1_200_000, rss: 16_000_000 }

const directory = process.env.SOAK_DIRECTORY ?? ''
const plants = (process.env.SOAK_PLANT ?? '').split(',')
const kept = []

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

process.on('SIGUSR2', () => {
  if (plants.includes('descriptors')) openSync('/dev/null', 'r')
  if (plants.includes('heap')) kept.push(Array.from({ length: KEPT_BYTES.heap / 8 }, (_, i) => i + 0.5))
  if (plants.includes('rss')) kept.push(Buffer.alloc(KEPT_BYTES.rss, 1))
  collect()
  collect()
  const path = join(directory, `heap-${process.pid}`)
  writeFileSync(`${path}.tmp`, String(process.memoryUsage().heapUsed))
  renameSync(`${path}.tmp`, path)
})
