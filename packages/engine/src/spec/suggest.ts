// "Did you mean": the known name that is closest to what was written.

/** Optimal string alignment distance: insert, delete, replace, swap neighbours; more than `limit` counts as limit + 1. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      row.push(best)
    }
    if (Math.min(...row) > limit) return limit + 1
    beforeLast = last
    last = row
  }
  return last[b.length] ?? limit + 1
}

const simplify = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** Names that people know from elsewhere, without separators → ours. Used only where ours is among the known names. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  linear: ['dense'],
  fullyconnected: ['dense'],
  fc: ['dense'],
  conv: ['conv2d'],
  convolution: ['conv2d'],
  maxpool: ['max_pool2d'],
  maxpooling: ['max_pool2d'],
  maxpooling2d: ['max_pool2d'],
  pool: ['max_pool2d'],
  avgpool: ['avg_pool2d'],
  averagepooling2d: ['avg_pool2d'],
  adaptiveavgpool2d: ['global_avg_pool2d'],
  globalaveragepooling2d: ['global_avg_pool2d'],
  globalmaxpooling2d: ['global_max_pool2d'],
  convtranspose: ['conv_transpose2d'],
  conv2dtranspose: ['conv_transpose2d'],
  deconvolution: ['conv_transpose2d'],
  deconv: ['conv_transpose2d'],
  deconv2d: ['conv_transpose2d'],
  upsampling2d: ['upsample'],
  unflatten: ['reshape'],
  concat: ['concatenate'],
  cat: ['concatenate'],
  step: ['threshold'],
  heaviside: ['threshold'],
  swish: ['silu'],
  infeatures: ['input'],
  outfeatures: ['units'],
  outchannels: ['filters'],
  channels: ['filters'],
  kernelsize: ['kernel'],
  poolsize: ['kernel'],
  strides: ['stride'],
  activation: ['type'],
  lr: ['learning_rate'],
  rate: ['learning_rate'],
  eps: ['epsilon'],
  crossentropy: ['softmax_cross_entropy'],
  categoricalcrossentropy: ['softmax_cross_entropy'],
  bce: ['binary_cross_entropy'],
  bcewithlogits: ['binary_cross_entropy'],
  logistic: ['binary_cross_entropy'],
  mae: ['absolute_error'],
  l1: ['absolute_error'],
  meanabsoluteerror: ['absolute_error'],
  smoothl1: ['huber'],
  svm: ['hinge'],
  kl: ['kl_divergence'],
  kldiv: ['kl_divergence'],
  posweight: ['positive_weight'],
  mse: ['squared_error'],
  meansquarederror: ['squared_error'],
  lenet: ['lenet5'],
  glorotuniform: ['xavier_uniform'],
  glorotnormal: ['xavier_normal'],
  kaiminguniform: ['he_uniform'],
  kaimingnormal: ['he_normal'],
  lastlayer: ['outputs'],
}

/** Characters and candidates compared; more are not looked at, so that hostile input costs nothing. */
const LENGTH_MAX = 32
const CANDIDATES_MAX = 100

/**
 * The closest of the known names, or null when none is close: a known synonym, the same letters, one the start of the other
 * (at least 3 letters), or at most a third of the letters wrong.
 */
export function closest(written: string, known: readonly string[]): string | null {
  const name = simplify(written.slice(0, LENGTH_MAX))
  const synonym = Object.hasOwn(SYNONYMS, name) ? SYNONYMS[name]?.find((candidate) => known.includes(candidate)) : undefined
  if (synonym !== undefined) return synonym
  let best: string | null = null
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of known.slice(0, CANDIDATES_MAX)) {
    const plain = simplify(candidate.slice(0, LENGTH_MAX))
    const isStart = Math.min(name.length, plain.length) >= 3 && (plain.startsWith(name) || name.startsWith(plain))
    const found = isStart ? Math.min(1, bestDistance - 1) : distance(name, plain, bestDistance)
    if (found < bestDistance) {
      best = candidate
      bestDistance = found
    }
  }
  return best
}

/** A hint that suggests the closest name, or lists what is known. */
export function suggest(written: string, known: readonly string[], what: string): string {
  const name = closest(written, known)
  if (name !== null) return `Did you mean "${name}"?`
  return known.length === 0 ? `There are no ${what} here.` : `Known ${what}: ${known.slice(0, 40).join(', ')}.`
}
