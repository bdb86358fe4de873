// Our step against PyTorch's, model by model: rounds alternate, since machines change their speed from minute to minute.

import { runOurs, runPeer } from './child.ts'
import type { HeapMeasured } from './heap.ts'
import type { ModelName } from './models.ts'
import type { Measured } from './ours.ts'
import { geometricMean, median } from './statistics.ts'

interface Peer {
  readonly torch_ms: number
  readonly torch_mb: number
  readonly version: string
}

export interface CompareOptions {
  readonly models: readonly ModelName[]
  readonly rounds: number
  readonly seconds: string
  readonly threads: string
  /** Python that has torch; undefined: only ours. */
  readonly python: string | undefined
}

/** As written by `--json`. */
export interface Comparison {
  /** Of the ratios; null without a peer. */
  readonly geomean: number | null
  readonly models: readonly Row[]
}

interface Row {
  readonly model: ModelName
  readonly ours_ms: number
  readonly torch_ms: number | null
  /** How many times as fast as PyTorch. */
  readonly ratio: number | null
  /** Operations of the direct algorithms per second, as a share of the measured peak. */
  readonly peak_share: number
  readonly ours_mb: number
  readonly torch_mb: number | null
}

export function compare(options: CompareOptions): Comparison {
  if (options.python === undefined) console.log('The peer is missing: set TORCH_PYTHON to a Python that has torch to compare with it.')
  console.log('model              ours ms   torch ms   torch/ours   of peak   ours MB   torch MB   heap B/step   backend')
  const models = options.models.map((model) => measure(model, options))
  const ratios = models.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]))
  const geomean = ratios.length === 0 ? null : geometricMean(ratios)
  if (geomean !== null) console.log(`geometric mean of torch/ours: ${geomean.toFixed(2)}`)
  return { geomean, models }
}

function measure(model: ModelName, { rounds, seconds, threads, python }: CompareOptions): Row {
  const ours: Measured[] = []
  const peers: Peer[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(runOurs<Measured>('ours', threads, [model, seconds, threads]))
    if (python !== undefined) peers.push(runPeer<Peer>(python, threads, [model, seconds]))
  }
  const oursMs = median(ours.map(({ ours_ms }) => ours_ms))
  const torchMs = peers.length === 0 ? null : median(peers.map(({ torch_ms }) => torch_ms))
  const peak = median(ours.map(({ peak_gflops }) => peak_gflops))
  const row: Row = {
    model,
    ours_ms: oursMs,
    torch_ms: torchMs,
    ratio: torchMs === null ? null : torchMs / oursMs,
    peak_share: (ours[0]?.flops ?? Number.NaN) / (oursMs * 1e6) / peak,
    ours_mb: Math.max(...ours.map(({ ours_mb }) => ours_mb)),
    torch_mb: peers.length === 0 ? null : Math.max(...peers.map(({ torch_mb }) => torch_mb)),
  }
  const heap = runOurs<HeapMeasured>('heap', threads, [model]).bytes_per_step
  console.log(
    [
      row.model.padEnd(16),
      row.ours_ms.toFixed(4).padStart(9),
      (row.torch_ms?.toFixed(3) ?? '-').padStart(10),
      (row.ratio?.toFixed(2) ?? '-').padStart(12),
      `${(100 * row.peak_share).toFixed(1)} %`.padStart(9),
      row.ours_mb.toFixed(0).padStart(9),
      (row.torch_mb?.toFixed(0) ?? '-').padStart(10),
      heap.toFixed(0).padStart(13),
      `  ${ours[0]?.backend ?? ''} of ${peak.toFixed(0)} GFLOP/s${peers[0] === undefined ? '' : ` against torch ${peers[0].version}`}`,
    ].join(' '),
  )
  return row
}
