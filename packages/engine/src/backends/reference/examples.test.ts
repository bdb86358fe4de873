// Results that were computed by hand or come from lectures and papers, not from this code.

import { describe, expect, it } from 'vitest'
import { labels, runOp, tensor } from '../../testing/index.ts'
import { createReferenceBackend } from './index.ts'

const backend = createReferenceBackend({ real: 'float64' })

function expectClose(actual: readonly number[] | undefined, expected: readonly number[]): void {
  expect(actual?.length).toBe(expected.length)
  expected.forEach((value, i) => {
    expect(actual?.[i]).toBeCloseTo(value, 12)
  })
}

describe('max-pooling', () => {
  const image = tensor([1, 1, 4, 4], [1, 3, 2, 1, 5, 2, 8, 0, 4, 6, 1, 2, 1, 0, 3, 7])
  const attributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] } as const

  it('takes the largest of each 2x2 window', () => {
    expect(runOp(backend, 'max_pool2d', [image], attributes)).toEqual([[5, 8, 6, 7]])
  })

  it('lets padding never win, even over negative values', () => {
    const negative = tensor([1, 1, 2, 2], [-4, -3, -2, -1])
    const padded = { kernel: [2, 2], stride: [2, 2], padding: [1, 1, 1, 1] } as const
    expect(runOp(backend, 'max_pool2d', [negative], padded)).toEqual([[-4, -3, -2, -1]])
  })
})

describe('average pooling', () => {
  const attributes = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], countIncludePadding: true } as const

  it('takes the mean of each 2x2 window', () => {
    const image = tensor([1, 1, 4, 4], [1, 3, 2, 1, 5, 2, 8, 0, 4, 6, 1, 2, 1, 0, 3, 7])
    expect(runOp(backend, 'avg_pool2d', [image], attributes)).toEqual([[11 / 4, 11 / 4, 11 / 4, 13 / 4]])
  })

  it('counts padding as zeros, or not', () => {
    const image = tensor([1, 1, 2, 2], [4, 8, 12, 16])
    const padded = { ...attributes, padding: [1, 1, 1, 1] } as const
    expect(runOp(backend, 'avg_pool2d', [image], padded)).toEqual([[1, 2, 3, 4]])
    expect(runOp(backend, 'avg_pool2d', [image], { ...padded, countIncludePadding: false })).toEqual([[4, 8, 12, 16]])
  })
})

describe('upsampling', () => {
  const image = tensor([1, 1, 2, 2], [1, 2, 3, 4])

  it('repeats the nearest pixel', () => {
    expect(runOp(backend, 'upsample2d', [image], { scale: [1, 2], mode: 'nearest' })).toEqual([[1, 1, 2, 2, 3, 3, 4, 4]])
  })

  it('interpolates between pixel centers, as the example in the documentation of torch.nn.Upsample', () => {
    const [row = []] = runOp(backend, 'upsample2d', [image], { scale: [2, 2], mode: 'bilinear' })
    expect(row).toEqual([1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4])
  })
})

describe('transposed convolution', () => {
  it('adds the kernel, times each pixel, to the output', () => {
    // Dumoulin and Visin 2016, section 4: pixels 1, 2 at stride 2 put [1, 10, 100] at 0 and 2 · [1, 10, 100] at 2.
    const attributes = { stride: [1, 2], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1, inputSize: [1, 5] } as const
    const given = [tensor([1, 1, 1, 2], [1, 2]), tensor([1, 1, 1, 3], [1, 10, 100])]
    expect(runOp(backend, 'conv2d_backward_data', given, attributes)).toEqual([[1, 10, 102, 20, 200]])
  })
})

describe('channels', () => {
  const [two, one] = [tensor([2, 2, 1, 1], [1, 2, 3, 4]), tensor([2, 1, 1, 1], [5, 6])]

  it('are joined row by row and taken apart again', () => {
    const joined = [1, 2, 5, 3, 4, 6]
    expect(runOp(backend, 'concatenate', [two, one], {})).toEqual([joined])
    expect(runOp(backend, 'slice', [tensor([2, 3, 1, 1], joined)], { start: 2, size: 1 })).toEqual([[5, 6]])
  })

  it('get their bias', () => {
    expect(runOp(backend, 'bias_add', [two, tensor([2], [10, 20])], {})).toEqual([[11, 22, 13, 24]])
    expect(runOp(backend, 'bias_backward', [two], {})).toEqual([[4, 6]])
  })
})

describe('threshold unit', () => {
  it('fires from its threshold on', () => {
    expect(runOp(backend, 'threshold', [tensor([4], [-0.5, 0, 1.49, 1.5])], { threshold: 1.5 })).toEqual([[0, 0, 0, 1]])
  })
})

describe('dense', () => {
  it('is x · weightᵀ + bias', () => {
    // [1·3 + 2·4 + 10, 1·5 + 2·6 + 20]
    expect(runOp(backend, 'dense', [tensor([1, 2], [1, 2]), tensor([2, 2], [3, 4, 5, 6]), tensor([2], [10, 20])], {})).toEqual([[21, 37]])
  })
})

describe('convolution', () => {
  const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const
  const square = tensor([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])

  it('slides the kernel without turning it over', () => {
    // 1·1 + 2·2 + 4·3 + 5·4 = 37; the next windows: 2, 3, 5, 6 → 47; 4, 5, 7, 8 → 67; 5, 6, 8, 9 → 77
    expect(runOp(backend, 'conv2d', [square, tensor([1, 1, 2, 2], [1, 2, 3, 4])], plain)).toEqual([[37, 47, 67, 77]])
  })

  it('sums over channels and adds the bias', () => {
    const twoChannels = tensor([1, 2, 1, 2], [1, 2, 3, 4])
    expect(runOp(backend, 'conv2d', [twoChannels, tensor([1, 2, 1, 1], [10, 100]), tensor([1], [0.5])], plain)).toEqual([[310.5, 420.5]])
  })

  it('keeps groups apart', () => {
    const twoChannels = tensor([1, 2, 1, 2], [1, 2, 3, 4])
    const weight = tensor([2, 1, 1, 1], [10, 100])
    expect(runOp(backend, 'conv2d', [twoChannels, weight], { ...plain, groups: 2 })).toEqual([[10, 20, 300, 400]])
  })

  it('pads and strides', () => {
    // Ones over the padded 5x5 image at stride 2: corners sum their 2x2 part.
    const ones = tensor([1, 1, 3, 3], [1, 1, 1, 1, 1, 1, 1, 1, 1])
    const attributes = { ...plain, stride: [2, 2], padding: [1, 1, 1, 1] } as const
    expect(runOp(backend, 'conv2d', [square, ones], attributes)).toEqual([[12, 16, 24, 28]])
  })

  it('dilates', () => {
    // Taps two apart: the corners of the square.
    const attributes = { ...plain, dilation: [2, 2] } as const
    expect(runOp(backend, 'conv2d', [square, tensor([1, 1, 2, 2], [1, 1, 1, 1])], attributes)).toEqual([[20]])
  })
})

describe('softmax and cross-entropy', () => {
  // e^(ln 2) = 2, e^(ln 3) = 3, e^(ln 5) = 5: probabilities 0.2, 0.3, 0.5.
  const logits = tensor([2, 3], [Math.log(2), Math.log(3), Math.log(5), Math.log(5), Math.log(3), Math.log(2)])

  it('turns logits into probabilities, also large ones', () => {
    expectClose(runOp(backend, 'softmax', [logits], {})[0], [0.2, 0.3, 0.5, 0.5, 0.3, 0.2])
    expect(runOp(backend, 'softmax', [tensor([1, 2], [10_000, 10_000])], {})).toEqual([[0.5, 0.5]])
  })

  it('is the mean of −ln p(label)', () => {
    const given = [logits, labels(2, 1), tensor([1], [2])]
    expectClose(runOp(backend, 'softmax_cross_entropy', given, { labelSmoothing: 0, classWeights: null })[0], [
      -(Math.log(0.5) + Math.log(0.3)) / 2,
    ])
  })

  it('ignores rows past count', () => {
    expectClose(
      runOp(backend, 'softmax_cross_entropy', [logits, labels(2, 1), tensor([1], [1])], { labelSmoothing: 0, classWeights: null })[0],
      [-Math.log(0.5)],
    )
  })

  it('has the derivative p − onehot, over the rows', () => {
    const given = [tensor([1], [1]), logits, labels(2, 1), tensor([1], [2])]
    expectClose(
      runOp(backend, 'softmax_cross_entropy_backward', given, { labelSmoothing: 0, classWeights: null })[0],
      [0.1, 0.15, -0.25, 0.25, -0.35, 0.1],
    )
    const firstRow = [tensor([1], [1]), logits, labels(2, 1), tensor([1], [1])]
    expectClose(
      runOp(backend, 'softmax_cross_entropy_backward', firstRow, { labelSmoothing: 0, classWeights: null })[0],
      [0.2, 0.3, -0.5, 0, 0, 0],
    )
  })

  it('counts rows whose largest logit is the label', () => {
    expect(runOp(backend, 'correct_count', [logits, labels(2, 1), tensor([1], [2])], {})).toEqual([[1]])
    expect(runOp(backend, 'correct_count', [logits, labels(2, 0), tensor([1], [2])], {})).toEqual([[2]])
    expect(runOp(backend, 'correct_count', [logits, labels(2, 0), tensor([1], [1])], {})).toEqual([[1]])
  })
})

describe('squared error', () => {
  const given = [tensor([2, 2], [1, 2, 3, 4]), tensor([2, 2], [0, 4, 3, 1])]

  it('is the mean over all values, or half the sum of each row', () => {
    // Squares: 1, 4, 0, 9.
    expect(
      runOp(backend, 'pointwise_loss', [...given, tensor([1], [2])], { loss: 'squared_error', parameter: 0, reduction: 'mean' }),
    ).toEqual([[3.5]])
    expect(
      runOp(backend, 'pointwise_loss', [...given, tensor([1], [2])], { loss: 'squared_error', parameter: 0, reduction: 'half_sum' }),
    ).toEqual([[3.5]])
    expect(
      runOp(backend, 'pointwise_loss', [...given, tensor([1], [1])], { loss: 'squared_error', parameter: 0, reduction: 'mean' }),
    ).toEqual([[2.5]])
  })
})

describe('the delta rule', () => {
  it('moves a sigmoid unit by η (t − o) o (1 − o) x', () => {
    // Net input 0: o = 0.5, δ = (1 − 0.5) · 0.5 · 0.5 = 0.125 (Rumelhart et al. 1986, eq. 13).
    const [dy = []] = runOp(
      backend,
      'pointwise_loss_backward',
      [tensor([1], [1]), tensor([1, 1], [0.5]), tensor([1, 1], [1]), tensor([1], [1])],
      { loss: 'squared_error', parameter: 0, reduction: 'half_sum' },
    )
    const [delta = []] = runOp(backend, 'activation_backward', [tensor([1, 1], dy), tensor([1, 1], [0.5])], {
      function: 'sigmoid',
      alpha: 0,
    })
    expect(delta).toEqual([-0.125])
    const [dWeight, dBias] = runOp(backend, 'dense_backward_weight', [tensor([1, 1], delta), tensor([1, 2], [1, -2])], { bias: true })
    expect([dWeight, dBias]).toEqual([[-0.125, 0.25], [-0.125]])
  })
})

describe('SGD', () => {
  it('follows PyTorch: v ← 0.9 v + g, p ← p − 0.1 v', () => {
    const attributes = { momentum: 0.9, nesterov: false, weightDecay: 0 }
    const [p1 = [], v1 = []] = runOp(
      backend,
      'sgd_update',
      [tensor([1], [1]), tensor([1], [2]), tensor([1], [0.1]), tensor([1], [0])],
      attributes,
    )
    expectClose([...p1, ...v1], [0.8, 2])
    const [p2 = [], v2 = []] = runOp(
      backend,
      'sgd_update',
      [tensor([1], p1), tensor([1], [1]), tensor([1], [0.1]), tensor([1], v1)],
      attributes,
    )
    // v = 0.9 · 2 + 1 = 2.8, p = 0.8 − 0.28
    expectClose([...p2, ...v2], [0.52, 2.8])
  })

  it('adds weight decay to the gradient and looks ahead with nesterov', () => {
    // g = 2 + 0.5 · 1 = 2.5; v = 0.9 · 1 + 2.5 = 3.4; p = 1 − 0.1 · (2.5 + 0.9 · 3.4) = 0.444
    const attributes = { momentum: 0.9, nesterov: true, weightDecay: 0.5 }
    const given = [tensor([1], [1]), tensor([1], [2]), tensor([1], [0.1]), tensor([1], [1])]
    const [p = [], v = []] = runOp(backend, 'sgd_update', given, attributes)
    expectClose([...p, ...v], [0.444, 3.4])
  })
})

describe('Adam', () => {
  const attributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, decoupled: false }

  it('moves by the learning rate in the first step, whatever the gradient', () => {
    for (const gradient of [0.001, 1, 1000]) {
      const given = [
        tensor([1], [1]),
        tensor([1], [gradient]),
        tensor([1], [0.1]),
        tensor([2], [0.1, 0.001]),
        tensor([1], [0]),
        tensor([1], [0]),
      ]
      const [p = [], m = [], v = []] = runOp(backend, 'adam_update', given, attributes)
      expect(p[0]).toBeCloseTo(0.9, 5)
      expectClose(m, [0.1 * gradient])
      expectClose(
        v.map((value) => value / gradient ** 2),
        [0.001],
      )
    }
  })

  it('computes the second step', () => {
    // After g = 1: m = 0.1, v = 0.001. With g = −1: m = 0.09 − 0.1 = −0.01, v = 0.000999 + 0.001 = 0.001999.
    // m̂ = −0.01 / 0.19, v̂ = 0.001999 / 0.001999 = 1: p = 0.9 + 0.1 · 0.01 / 0.19
    const correction = tensor([2], [1 - 0.9 ** 2, 1 - 0.999 ** 2])
    const given = [tensor([1], [0.9]), tensor([1], [-1]), tensor([1], [0.1]), correction, tensor([1], [0.1]), tensor([1], [0.001])]
    const [p = []] = runOp(backend, 'adam_update', given, attributes)
    expect(p[0]).toBeCloseTo(0.9 + 0.001 / 0.19, 9)
  })

  it('decays the parameter itself when decoupled', () => {
    const given = [tensor([1], [1]), tensor([1], [0]), tensor([1], [0.1]), tensor([2], [0.1, 0.001]), tensor([1], [0]), tensor([1], [0])]
    const [p = []] = runOp(backend, 'adam_update', given, { ...attributes, weightDecay: 0.5, decoupled: true })
    expectClose(p, [0.95])
  })
})

describe('GELU', () => {
  it('has the values of x · Φ(x)', () => {
    // Φ(1) = 0.841344746068543, from tables of the normal distribution.
    const [y = []] = runOp(backend, 'activation', [tensor([3], [0, 1, -1])], { function: 'gelu', alpha: 0 })
    expectClose(y, [0, 0.841344746068543, -0.158655253931457])
  })
})
