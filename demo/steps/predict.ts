// Asks a checkpoint about ten images and shows them.

import type { Job, Prediction } from '@trainyard/contracts'
import type { Client } from '../client.ts'
import type { LabelledPicture } from '../datasets.ts'
import { gallery, halve } from '../picture.ts'

const PER_ROW = 5

/** @returns how many were right */
export async function predictAndShow(client: Client, checkpointId: string, images: readonly LabelledPicture[]): Promise<number> {
  const inputs = images.map(({ picture }) => [...picture.pixels])
  const predictions = await predict(client, checkpointId, inputs)
  const items = images.map(({ picture, label }, i) => {
    const best = predictions[i]?.classes?.[0]
    const isRight = best?.label === String(label)
    const share = `${(100 * Number(best?.probability ?? Number.NaN)).toFixed(1)} %`
    return { picture: halve(picture), texts: [`${best?.label ?? '?'}  ${share}`, isRight ? '' : `is ${label}`], isRight }
  })
  const color = process.stdout.isTTY === true && process.stdout.hasColors(256)
  console.log(gallery(items, PER_ROW, color))
  return items.filter(({ isRight }) => isRight).length
}

/** The answer comes at once, or as a job to wait for. */
async function predict(client: Client, checkpointId: string, inputs: readonly number[][]): Promise<readonly Prediction[]> {
  const answer = await client.post<{ predictions: Prediction[] } | Job>(`/v1/checkpoints/${checkpointId}/predict`, { inputs, top_k: 1 })
  if ('predictions' in answer) return answer.predictions
  const { result } = await client.waitForJob(answer.id)
  if (result?.kind !== 'predict') throw new Error(`job ${answer.id} gave no predictions`)
  return result.predictions
}
