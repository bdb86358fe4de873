// One pass over a split: loss and accuracy of class targets; loss, mean squared and mean absolute error of value targets.

import type { Batch, Session } from './session.ts'

/** Batches in order, without end: one pass after the other. */
export interface BatchSource {
  /** The batch is valid until the next call. */
  next(): Batch
}

export interface EvaluationData {
  readonly rows: number
  readonly batchSize: number
  readonly targetKind: 'class' | 'value'
  /** Unshuffled, at the start of a pass. */
  readonly batches: BatchSource
}

export type EvaluatingSession = Pick<Session, 'evaluateBatch' | 'predict' | 'scalars' | 'predictions'>

/** Yields after every batch, so that the caller can look up from the work. @returns metric → value, `loss` among them. */
export function* evaluate(session: EvaluatingSession, data: EvaluationData): Generator<undefined, Record<string, number>> {
  let lossSum = 0
  let correct = 0
  let squared = 0
  let absolute = 0
  let values = 0
  for (let done = 0; done < data.rows; ) {
    const batch = data.batches.next()
    session.evaluateBatch(batch)
    const [loss = Number.NaN, hits = 0] = session.scalars
    lossSum += loss * batch.count
    correct += hits
    if (data.targetKind === 'value') {
      session.predict(batch.samples, batch.count)
      const size = (batch.targets.length / data.batchSize) * batch.count
      for (let i = 0; i < size; i++) {
        const error = (session.predictions[i] ?? Number.NaN) - (batch.targets[i] ?? Number.NaN)
        squared += error * error
        absolute += Math.abs(error)
      }
      values += size
    }
    done += batch.count
    yield
  }
  const loss = lossSum / data.rows
  return data.targetKind === 'class' ? { loss, accuracy: correct / data.rows } : { loss, mse: squared / values, mae: absolute / values }
}
