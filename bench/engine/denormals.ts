// What denormal numbers cost a training that has been going on for a while, where they are kept and where they are flushed.

import { runOurs } from './child.ts'
import type { ModelName } from './models.ts'
import { median } from './statistics.ts'
import type { OptimizerName, Trained } from './trained.ts'

const MODELS: readonly ModelName[] = ['mnist_mlp', 'lenet5', 'mnist_cnn']
const OPTIMIZERS: readonly OptimizerName[] = ['momentum', 'adam']

/** Markdown, ready for a report. */
export function printDenormals(rounds: number, threads: string): void {
  console.log(
    '| | optimizer | first steps kept / flushed, ms | after 5,000 steps, ms | kept / flushed | denormal slots kept / flushed | last loss |',
  )
  console.log('|---|---|---|---|---|---|---|')
  for (const model of MODELS) {
    for (const optimizer of OPTIMIZERS) {
      const kept: Trained[] = []
      const flushed: Trained[] = []
      for (let round = 0; round < rounds; round++) {
        kept.push(runOurs<Trained>('trained', threads, [model, optimizer, 'kept', threads]))
        flushed.push(runOurs<Trained>('trained', threads, [model, optimizer, 'flushed', threads]))
      }
      console.log(`| ${[model, optimizer, ...row(kept, flushed)].join(' | ')} |`)
    }
  }
}

function row(kept: readonly Trained[], flushed: readonly Trained[]): readonly string[] {
  const pair = (number: (trained: Trained) => string) =>
    [kept, flushed].map(([first]) => (first === undefined ? '' : number(first))).join(' / ')
  const medianOf = (runs: readonly Trained[], key: 'first_ms' | 'last_ms') => median(runs.map((run) => run[key]))
  const times = (key: 'first_ms' | 'last_ms') => [kept, flushed].map((runs) => medianOf(runs, key).toFixed(2)).join(' / ')
  const losses = new Set([...kept, ...flushed].map(({ loss }) => loss))
  return [
    times('first_ms'),
    times('last_ms'),
    (medianOf(kept, 'last_ms') / medianOf(flushed, 'last_ms')).toFixed(2),
    pair(({ denormal }) => `${(100 * denormal).toFixed(1)} %`),
    [...losses].map((loss) => loss.toFixed(4)).join(' or '),
  ]
}
