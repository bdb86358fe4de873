import { describe, expect, it } from 'vitest'
import { fans, type InitializerConfig, initialValues, toInitializerObject } from './index.ts'

/** 400 × 300: big enough for moments, with different fans. */
const SHAPE = [400, 300] as const
const N = 120_000

function values(config: InitializerConfig, name = 'fc1.weight', seed = 1, shape: readonly number[] = SHAPE) {
  return initialValues({ name, shape, initializer: { config: toInitializerObject(config), ...fans(shape) } }, seed)
}

const mean = (x: Float32Array) => x.reduce((sum, value) => sum + value, 0) / x.length
const deviation = (x: Float32Array) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length)

describe('fans', () => {
  // PyTorch: torch.nn.init._calculate_fan_in_and_fan_out
  it.each([
    [[120, 400], 400, 120],
    [[6, 1, 5, 5], 25, 150],
    [[16, 6, 5, 5], 150, 400],
  ])('of %j are %i and %i', (shape, fanIn, fanOut) => {
    expect(fans(shape)).toEqual({ fanIn, fanOut })
  })
})

describe('initialValues', () => {
  it.each([
    ['xavier_normal', Math.sqrt(2 / 700)],
    ['he_normal', Math.sqrt(2 / 300)],
    ['lecun_normal', Math.sqrt(1 / 300)],
    ['normal', 0.01],
  ] as const)('%s has the standard deviation of its paper', (config, expected) => {
    const drawn = values(config)
    expect(Math.abs(mean(drawn))).toBeLessThan((5 * expected) / Math.sqrt(N))
    expect(Math.abs(deviation(drawn) / expected - 1)).toBeLessThan(5 / Math.sqrt(2 * N))
  })

  it.each([
    ['xavier_uniform', Math.sqrt(6 / 700)],
    ['he_uniform', Math.sqrt(6 / 300)],
    ['lecun_uniform', Math.sqrt(3 / 300)],
    ['torch_default', 1 / Math.sqrt(300)],
    ['uniform', 0.05],
  ] as const)('%s fills its interval evenly', (config, bound) => {
    const drawn = values(config)
    const largest = drawn.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
    expect(largest).toBeLessThanOrEqual(Math.fround(bound))
    expect(largest).toBeGreaterThan(0.999 * bound)
    expect(Math.abs(deviation(drawn) / (bound / Math.sqrt(3)) - 1)).toBeLessThan(5 / Math.sqrt(N))
  })

  it('fills zeros and constants', () => {
    expect(values('zeros').every((value) => value === 0)).toBe(true)
    expect(values({ type: 'constant', value: -1.5 }).every((value) => value === -1.5)).toBe(true)
  })

  it.each([[[40, 30]], [[30, 40]], [[8, 3, 3, 3]]])('orthogonal %j has orthonormal rows or columns', (shape) => {
    const matrix = values({ type: 'orthogonal', gain: 2 }, 'w', 3, shape)
    const rows = shape[0] ?? 1
    const columns = matrix.length / rows
    const at = (vector: number, k: number) => matrix[rows <= columns ? vector * columns + k : k * columns + vector] ?? 0
    for (let i = 0; i < Math.min(rows, columns); i++) {
      for (let j = 0; j <= i; j++) {
        let dot = 0
        for (let k = 0; k < Math.max(rows, columns); k++) dot += at(i, k) * at(j, k)
        expect(dot).toBeCloseTo(i === j ? 4 : 0, 5)
      }
    }
  })

  it('takes given values as they are, row by row', () => {
    expect([...values({ type: 'values', values: [1, 1, -1.5, 0.25] }, 'edge.weight', 7, [2, 2])]).toEqual([1, 1, -1.5, 0.25])
  })

  it('depends on seed and name', () => {
    expect(values('normal', 'fc1.weight', 1, [8, 8])).toEqual(values('normal', 'fc1.weight', 1, [8, 8]))
    expect(values('normal', 'fc2.weight', 1, [8, 8])).not.toEqual(values('normal', 'fc1.weight', 1, [8, 8]))
    expect(values('normal', 'fc1.weight', 2, [8, 8])).not.toEqual(values('normal', 'fc1.weight', 1, [8, 8]))
  })

  it('gives the values of the first release: stored runs resume by them', () => {
    const drawn = values('he_normal', 'conv1.weight', 42, [2, 1, 2, 1])
    expect([...drawn].map((value) => value.toFixed(6))).toMatchInlineSnapshot(`
      [
        "-0.292521",
        "-0.589359",
        "-0.504875",
        "1.346255",
      ]
    `)
  })
})
