// Submissions for the documentation.

const DATASET = 'ds_01kasefe5r7x3b9n2m4p6q8s0t'
const CHECKPOINT = 'ckpt_01kasefe5r7x3b9n2m4p6q8s0t'

export const SUBMISSION_EXAMPLES = {
  train: {
    kind: 'train',
    name: 'digits',
    model: { version: 1, preset: { name: 'lenet5' } },
    dataset: DATASET,
    training: { epochs: 5, batch_size: 64, seed: 7, optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 } },
  },
  transfer: {
    kind: 'train',
    model: { version: 1, preset: { name: 'lenet5' } },
    dataset: DATASET,
    training: { epochs: 10, sample_limit: 1000 },
    transfer: { checkpoint_id: CHECKPOINT, exclude: ['fc3'], freeze: ['conv*'] },
  },
  evaluate: { kind: 'evaluate', checkpoint_id: CHECKPOINT, dataset: DATASET, split: 'test' },
}
