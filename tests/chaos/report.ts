// What a campaign has found, for people and for programs.

import type { FaultKind } from './faults.ts'
import type { JobCounts, Measures } from './measures.ts'
import type { Verdict } from './oracle.ts'

export interface Campaign extends JobCounts {
  readonly seed: number
  readonly seconds: number
  readonly injected: Readonly<Record<string, number>>
  readonly acknowledgedJobs: number
  readonly refusals: readonly string[]
  readonly orphanFiles: number
  /** Milliseconds, with the kind of the fault. */
  readonly recoveries: readonly { readonly kind: FaultKind; readonly ms: number }[]
  readonly measures: Measures
  readonly verdict: Verdict
}

const SHOWN_MAX = 8
const SHOWN_LENGTH = 300

/** A campaign that has seen no job has proved nothing. */
export const isClean = ({ verdict, refusals, acknowledgedJobs }: Campaign): boolean =>
  acknowledgedJobs > 0 &&
  verdict.lost.length === 0 &&
  verdict.duplicated.length === 0 &&
  verdict.differing.length === 0 &&
  refusals.length === 0

/** The value below which a share of the sorted numbers lies; null where there are none. */
function quantile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return value === undefined ? null : Math.round(value)
}

/** In milliseconds. */
export function recoveryOf(recoveries: readonly { readonly ms: number }[]) {
  const sorted = recoveries.map(({ ms }) => ms).toSorted((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: quantile(sorted, 1) }
}

const preemptedOf = ({ preempted: { attempts, losing, stepsLost } }: Measures) => ({ attempts, losing, steps_lost: stepsLost })

export function summaryOf(campaign: Campaign) {
  const { verdict, injected, jobs, runs, attempts, recoveries } = campaign
  return {
    faults: Object.values(injected).reduce((sum, count) => sum + count, 0),
    jobs,
    runs,
    attempts,
    lost: verdict.lost.length,
    duplicated: verdict.duplicated.length,
    differing: verdict.differing.length,
    recovery_ms: recoveryOf(recoveries),
    seed: campaign.seed,
    seconds: Math.round(campaign.seconds),
    metric_rows: verdict.metricRows,
    shown_rows: verdict.shownRows,
    states: campaign.states,
    refusals: campaign.refusals.length,
    orphan_files: campaign.orphanFiles,
    cancel_ms: campaign.measures.cancelMs,
    preempted: preemptedOf(campaign.measures),
    kinds: Object.fromEntries(
      Object.entries(injected).map(([kind, count]) => [
        kind,
        { count, recovery_ms: recoveryOf(recoveries.filter((recovery) => recovery.kind === kind)) },
      ]),
    ),
  }
}

const describe = ({ count, p50, p99, max }: Measures['cancelMs']['running']) => `${count}, p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`

export function describeCampaign(campaign: Campaign): string {
  const summary = summaryOf(campaign)
  const { verdict } = campaign
  const kinds = Object.entries(summary.kinds).map(
    ([kind, { count, recovery_ms: r }]) => `| ${kind} | ${count} | ${r.p50 ?? '-'} | ${r.p95 ?? '-'} | ${r.max ?? '-'} |`,
  )
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : ['', `${title}:`, ...items.slice(0, SHOWN_MAX).map((item) => `- ${item.slice(0, SHOWN_LENGTH)}`)]
  return [
    `seed ${campaign.seed}, ${summary.faults} faults in ${summary.seconds} s`,
    '',
    '| fault | injected | recovery p50 ms | p95 | max |',
    '|---|---:|---:|---:|---:|',
    ...kinds,
    '',
    `jobs ${summary.jobs} (${campaign.acknowledgedJobs} acknowledged), runs ${summary.runs}, attempts ${summary.attempts}: ${JSON.stringify(summary.states)}`,
    `metric rows compared ${summary.metric_rows}, shown to clients ${summary.shown_rows}`,
    `lost ${summary.lost}, duplicated ${summary.duplicated}, differing ${summary.differing}, wrongly refused ${summary.refusals}, orphan files ${summary.orphan_files}`,
    `recovery p50 ${summary.recovery_ms.p50} ms, p95 ${summary.recovery_ms.p95} ms, max ${summary.recovery_ms.max} ms`,
    `cancelled while running: ${describe(summary.cancel_ms.running)}`,
    `cancelled while waiting: ${describe(summary.cancel_ms.queued)}`,
    `given back on SIGTERM: ${summary.preempted.attempts} attempts, ${summary.preempted.losing} of which lost ${summary.preempted.steps_lost} steps`,
    ...list('lost', verdict.lost),
    ...list('duplicated', verdict.duplicated),
    ...list('differing', verdict.differing),
    ...list('wrongly refused', campaign.refusals),
  ].join('\n')
}
