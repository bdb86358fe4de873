// What a checkpoint of digits is worth for clothes with few labels: the same budget from scratch, and with the digit network's early layers
// kept and frozen.

import type { DatasetVersion } from '@trainyard/contracts'
import type { Client } from '../client.ts'
import type { DemoPlan } from '../plan.ts'
import { type Trained, train } from './train.ts'

export interface Comparison {
  readonly scratch: Trained
  readonly transfer: Trained
}

export async function compareTransfer(
  client: Client,
  plan: DemoPlan,
  fashion: DatasetVersion,
  model: unknown,
  checkpointId: string,
): Promise<Comparison> {
  const submission = { dataset: fashion.id, model, training: plan.fashion }
  const scratch = await train(client, 'Fashion-MNIST from scratch', submission)
  // The convolutions stay as they are; every dense layer is new.
  const transfer = await train(client, 'Fashion-MNIST from the digits', {
    ...submission,
    transfer: { checkpoint_id: checkpointId, exclude: ['fc*'], freeze: ['conv*'] },
  })
  return { scratch, transfer }
}
