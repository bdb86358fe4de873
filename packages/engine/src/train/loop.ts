// The training loop: steps, points of the curves, evaluations, checkpoints, in an order that a resume repeats exactly. A generator, so that
// whoever drives it decides what happens between steps (send, save, stop); it does no I/O and is given its clock.

import { TrainyardError } from '@trainyard/errors'
import { seriesPrefix } from '../spec/head-config.ts'
import type { TrainingConfig } from '../spec/training-config.ts'
import { type EvaluatingSession, type EvaluationData, evaluate, type HeadPlan, type HeadReport } from './evaluation.ts'
import {
  INITIAL_STOPPING_STATE,
  isPatienceSpent,
  observePlateau,
  observeStopping,
  type PlateauState,
  type StoppingState,
} from './improvement.ts'
import { learningRateAt } from './learning-rate.ts'
import { LossMean, type LossSums, weightedSum } from './loss-mean.ts'
import { isCheckpointDue, isEvaluationDue, isLogDue, isStopReached, type Schedule } from './schedule.ts'
import { type Batch, SCALARS, type Session } from './session.ts'
import type { StateTensors } from './state.ts'
import { Throughput } from './throughput.ts'

/** Milliseconds of work after which the loop hands over, for messages to come and go. */
const BREATH_MS = 20

/** All that the loop remembers between two steps. Part of a checkpoint; every number survives JSON exactly. */
export interface LoopState {
  /** Steps done. */
  readonly step: number
  /** What has gathered since the last point of the training curve. */
  readonly interval: { readonly samples: number; readonly heads: readonly LossSums[] }
  /** Step of the last evaluation; 0 before the first. */
  readonly evaluatedStep: number
  /** Newest value of each series. */
  readonly metrics: Readonly<Record<string, number>>
  /** Null before the first evaluation, and without reduction on a plateau. */
  readonly plateau: PlateauState | null
  readonly stopping: StoppingState
}

export const INITIAL_LOOP_STATE: LoopState = {
  step: 0,
  interval: { samples: 0, heads: [] },
  evaluatedStep: 0,
  metrics: {},
  plateau: null,
  stopping: INITIAL_STOPPING_STATE,
}

export interface LoopPoint {
  readonly name: string
  readonly step: number
  readonly value: number
}

export type LoopEvent =
  /** Nothing but time has passed. */
  | { readonly type: 'breath'; readonly phase: 'training' | 'evaluating' }
  | { readonly type: 'points'; readonly points: readonly LoopPoint[] }
  /** Save `state` and the session's parameters now. */
  | { readonly type: 'checkpoint'; readonly kind: 'periodic' | 'final' }

/** All steps were done, or the evaluation improved no more, or a metric was good enough. */
export type EndReason = 'completed' | 'early_stopping' | 'stop_when'

/** Batches without end, epoch after epoch. */
export interface BatchSource {
  /** Valid until the next call. */
  next(): Batch
}

export interface TrainingLoopOptions {
  readonly session: EvaluatingSession & Pick<Session, 'trainStep' | 'gradientNorms' | 'exportState' | 'importState'>
  readonly training: TrainingConfig
  readonly schedule: Schedule
  /** Of the training split, from the row where `start` stands. */
  readonly batches: BatchSource
  /** Of the session's model, in order. */
  readonly heads: readonly HeadPlan[]
  /** Null where the dataset has nothing to evaluate on. */
  readonly evaluation: EvaluationData | null
  /** INITIAL_LOOP_STATE, or that of a checkpoint. */
  readonly start: LoopState
  /** Weights of the best evaluation before `start`, where early stopping restores them; null before the first. */
  readonly best?: StateTensors | null
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
}

/**
 * @example
 * const loop = new TrainingLoop(options)
 * for (const event of loop.run()) if (event.type === 'points') console.table(event.points)
 */
export class TrainingLoop {
  readonly #options: TrainingLoopOptions
  readonly #throughput = new Throughput()
  #step: number
  #samples: number
  readonly #means: readonly LossMean[]
  #evaluatedStep: number
  #metrics: Record<string, number>
  #plateau: PlateauState | null
  #stopping: StoppingState
  #best: StateTensors | null
  #reports: readonly HeadReport[] | null = null
  #endedBy: EndReason | null = null
  #rate = Number.NaN
  #breathedAt = 0

  constructor(options: TrainingLoopOptions) {
    const { step, interval, evaluatedStep, metrics, plateau, stopping } = options.start
    this.#options = options
    this.#step = step
    this.#samples = interval.samples
    this.#means = options.heads.map((_, head) => new LossMean(interval.heads[head]))
    this.#evaluatedStep = evaluatedStep
    this.#metrics = { ...metrics }
    this.#plateau = plateau
    this.#stopping = stopping
    const isAtBest = !stopping.restored && stopping.best?.step === step && options.training.early_stopping?.restore_best === true
    this.#best = options.best ?? (isAtBest ? weightsOf(options.session) : null)
  }

  get state(): LoopState {
    return {
      step: this.#step,
      interval: { samples: this.#samples, heads: this.#means.map(({ sums }) => sums) },
      evaluatedStep: this.#evaluatedStep,
      metrics: { ...this.#metrics },
      plateau: this.#plateau,
      stopping: this.#stopping,
    }
  }

  /** Weights of the best evaluation so far, to be saved beside the state; null where they are the session's own, or not needed. */
  get best(): StateTensors | null {
    return this.#stopping.best?.step === this.#step ? null : this.#best
  }

  /** Class by class, of the last evaluation or of the best one that was restored; none for values and without evaluation. */
  get reports(): readonly HeadReport[] {
    return this.#reports ?? []
  }

  /** Null before the end. */
  get endedBy(): EndReason | null {
    return this.#endedBy
  }

  /** Epochs done, with the fraction of the current one. */
  get epoch(): number {
    return this.#step / this.#options.schedule.stepsPerEpoch
  }

  /** Of the training steps of this process, without evaluations and whatever the caller did between events. */
  get samplesPerSecond(): { readonly overall: number; readonly recent: number | null } {
    return this.#throughput
  }

  /**
   * Between any two events the state is that of a whole number of steps: a caller that stops listening may save it and lose nothing.
   * @throws TrainyardError `diverged` when a loss is not finite.
   */
  *run(): Generator<LoopEvent, void> {
    const { training, schedule, start, now } = this.#options
    let checkpointedStep = start.step
    let checkpointedAt = now()
    for (;;) {
      // Before the end is looked at: a resume that stands at the end of an epoch may still owe the evaluation.
      if (this.#step > this.#evaluatedStep && isEvaluationDue(schedule, training, this.#step)) yield* this.#evaluate()
      this.#endedBy = this.#endReason()
      if (this.#endedBy !== null) break
      const isLate = now() - checkpointedAt >= (training.checkpoint.every_seconds ?? Number.POSITIVE_INFINITY) * 1000
      if (this.#step > checkpointedStep && (isLate || isCheckpointDue(schedule, training, this.#step))) {
        yield { type: 'checkpoint', kind: 'periodic' }
        checkpointedStep = this.#step
        checkpointedAt = now()
      }
      const loss = this.#trainStep()
      const isDiverged = !Number.isFinite(loss)
      if (isDiverged || isLogDue(schedule, this.#step)) yield this.#closeInterval()
      if (isDiverged) throw this.#diverged('train/loss', loss)
      if (now() - this.#breathedAt >= BREATH_MS || this.#step === start.step + 1) yield* this.#breathe('training')
    }
    // A metric may end the run between two evaluations; the result is that of the last step.
    if (this.#step > this.#evaluatedStep) yield* this.#evaluate()
    if (!this.#stopping.restored) this.#restoreBest()
    if (this.#reports === null && this.#options.evaluation !== null) yield* this.#measure(this.#options.evaluation)
    yield { type: 'checkpoint', kind: 'final' }
  }

  #endReason(): EndReason | null {
    const { training, schedule } = this.#options
    if (this.#step >= schedule.totalSteps) return 'completed'
    const { early_stopping: config } = training
    if (config !== undefined && (this.#stopping.restored || isPatienceSpent(config, this.#stopping))) return 'early_stopping'
    return this.#step > 0 && isStopReached(training, this.#metrics) ? 'stop_when' : null
  }

  /** The model of the best evaluation is the result, and its metrics are the run's. */
  #restoreBest(): void {
    const { best } = this.#stopping
    if (this.#options.training.early_stopping?.restore_best !== true || best === null) return
    if (best.step !== this.#step) {
      if (this.#best === null) throw new Error(`the weights of step ${best.step} are to be restored, but were not kept`)
      this.#options.session.importState(this.#best, { strict: false })
      this.#reports = null
    }
    this.#best = null
    this.#metrics = { ...this.#metrics, ...best.metrics }
    this.#stopping = { ...this.#stopping, restored: true }
  }

  #trainStep(): number {
    const { session, heads, training, batches, now } = this.#options
    const before = now()
    const batch = batches.next()
    this.#rate = learningRateAt(
      training.schedule,
      this.#plateau?.rate ?? training.optimizer.learning_rate,
      this.#step,
      this.#options.schedule,
    )
    session.trainStep(batch, this.#rate, this.#step + 1)
    this.#step++
    this.#samples += batch.count
    let loss = 0
    for (let head = 0; head < heads.length; head++) {
      loss += (heads[head]?.weight ?? 0) * (session.scalars[SCALARS * head] ?? Number.NaN)
      this.#means[head]?.add(session.scalars, head)
    }
    this.#throughput.add(batch.count, now() - before)
    return loss
  }

  #closeInterval(): LoopEvent {
    const { heads, session } = this.#options
    const samples = this.#samples
    const gathered = heads.map(({ name, weight, target }, head) => {
      const mean = this.#means[head] ?? new LossMean()
      const accuracy = target === 'class' ? { accuracy: mean.correct / samples } : {}
      return { name, weight, loss: mean.value, accuracy }
    })
    const means: Record<string, number> = { loss: weightedSum(gathered) }
    for (const { name, loss, accuracy } of gathered) {
      const own = name === null ? accuracy : { loss, ...accuracy }
      for (const [series, value] of Object.entries(own)) means[seriesPrefix(name) + series] = value
    }
    this.#samples = 0
    for (const mean of this.#means) mean.reset()
    const { total, parameters } = session.gradientNorms()
    means.learning_rate = this.#rate
    if (total !== null) means.gradient_norm = total
    const points = Object.entries(means).map(([name, value]) => [`train/${name}`, value] as const)
    return this.#record([...points, ...parameters.map(({ name, norm }) => [`gradients/${name}`, norm] as const)])
  }

  *#breathe(phase: 'training' | 'evaluating'): Generator<LoopEvent, void> {
    yield { type: 'breath', phase }
    this.#breathedAt = this.#options.now()
  }

  *#evaluate(): Generator<LoopEvent, void> {
    const { evaluation } = this.#options
    if (evaluation === null) {
      this.#evaluatedStep = this.#step
      return
    }
    const values = yield* this.#measure(evaluation)
    this.#evaluatedStep = this.#step
    const { loss = Number.NaN } = values
    const series = Object.entries(values).map(([name, value]) => [`eval/${name}`, value] as const)
    if (Number.isFinite(loss)) this.#observe(Object.fromEntries(series))
    yield this.#record(series)
    if (!Number.isFinite(loss)) throw this.#diverged('eval/loss', loss)
  }

  /** Metrics of the model as it is. */
  *#measure(evaluation: EvaluationData): Generator<LoopEvent, Readonly<Record<string, number>>> {
    const { session, heads, now } = this.#options
    const passes = evaluate(session, heads, evaluation)
    let pass = passes.next()
    for (; !pass.done; pass = passes.next()) {
      if (now() - this.#breathedAt >= BREATH_MS) yield* this.#breathe('evaluating')
    }
    this.#reports = pass.value.reports
    return pass.value.metrics
  }

  /** What follows from an evaluation: a lower rate, a new best model. */
  #observe(metrics: Readonly<Record<string, number>>): void {
    const { training, session } = this.#options
    const { schedule, early_stopping: stopping, optimizer } = training
    if (schedule.type === 'reduce_on_plateau') {
      const before = this.#plateau ?? { rate: optimizer.learning_rate, best: null, waited: 0, cooldown: 0 }
      const value = metrics[schedule.metric]
      if (value !== undefined) this.#plateau = observePlateau(schedule, before, value)
    }
    if (stopping === undefined) return
    this.#stopping = observeStopping(stopping, this.#stopping, this.#step, metrics)
    if (stopping.restore_best && this.#stopping.best?.step === this.#step) {
      this.#best = weightsOf(session)
    }
  }

  #record(values: readonly (readonly [name: string, value: number])[]): LoopEvent {
    const points = values.map(([name, value]) => ({ name, step: this.#step, value }))
    for (const { name, value } of points) this.#metrics[name] = value
    return { type: 'points', points }
  }

  #diverged(metric: string, value: number): TrainyardError {
    const learning_rate = this.#rate
    return new TrainyardError('diverged', {
      detail: `step ${this.#step}: ${metric} is ${value} at learning rate ${learning_rate}. Expected a finite number.`,
      hint: `Lower the learning rate (try ${learning_rate / 10}), use a smaller weight initialization, or check the inputs for extreme values.`,
    })
  }
}

/** Parameters and buffers, without the optimizer's state. */
function weightsOf(session: Pick<Session, 'exportState'>): StateTensors {
  return new Map([...session.exportState()].filter(([name]) => name.startsWith('model.')))
}
