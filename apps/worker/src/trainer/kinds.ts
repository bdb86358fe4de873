// What a trainer can do, by kind of run.

import type { JobKind, StartMessage } from '@trainyard/contracts'
import type { Channel } from './channel.ts'
import { runEvaluate } from './evaluate.ts'
import { runPredict } from './predict.ts'
import { runPrepare } from './prepare.ts'
import { runTrain } from './train.ts'
import { runVerify } from './verify.ts'

/** Does the work and sends what comes of it, `done` or `stopped` last. @throws what the run fails with */
export type Kind = (start: StartMessage, channel: Channel) => Promise<void>
type Kinds = Readonly<Record<JobKind, Kind>>

export const KINDS: Kinds = { prepare: runPrepare, train: runTrain, evaluate: runEvaluate, predict: runPredict, verify: runVerify }
