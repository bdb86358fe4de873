// Exponential, logarithm and hyperbolic tangent of four numbers at once: the polynomials of the Cephes library (Moshier 1992), whose
// errors are below 2 units in the last place in these ranges.

import type { Local, WasmCode } from './wasm-code.ts'

/** Where e^x leaves the normal numbers of float32. */
const EXPONENT_MIN = -87.3
const EXPONENT_MAX = 88
const LOG2_E = Math.LOG2E
/** ln 2 in two parts, the first with few bits, so that multiples of it are exact. */
const LN2_HIGH = 0.693359375
const LN2_LOW = -2.1219444e-4

const EXP = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]
const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1,
  3.3333331174e-1,
]
const TANH = [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]
/** Below it, 1 − 2 / (e^2x + 1) would lose digits. */
const TANH_POLYNOMIAL_MAX = 0.625

const MANTISSA_BITS = 23
const EXPONENT_BIAS = 127

/** Replaces the vector in `x` by its exponentials. */
export function emitExp(code: WasmCode, x: Local): void {
  const n = code.local('v128')
  const y = code.local('v128')
  code.get(x).constant(EXPONENT_MIN).vector('max').constant(EXPONENT_MAX).vector('min').tee(x)
  code.constant(LOG2_E).vector('mul', 'nearest').set(n)
  code.get(x).get(n).constant(LN2_HIGH).vector('mul', 'sub').get(n).constant(LN2_LOW).vector('mul', 'sub').set(x)
  emitPolynomial(code, EXP, x)
  code.get(x).vector('mul').get(x).vector('mul').get(x).vector('add').constant(1).vector('add').set(y)
  code.get(n).vector('toI32').constantI32(EXPONENT_BIAS, EXPONENT_BIAS, EXPONENT_BIAS, EXPONENT_BIAS).vector('addI32')
  code.i32(MANTISSA_BITS).vector('shiftLeftI32').get(y).vector('mul').set(x)
}

/** Replaces the vector in `x`, of normal numbers above 0, by its natural logarithms. */
export function emitLog(code: WasmCode, x: Local): void {
  const e = code.local('v128')
  const z = code.local('v128')
  const isSmall = code.local('v128')
  const half = EXPONENT_BIAS - 1
  const mask = 0x007f_ffff
  const halfBits = 0x3f00_0000
  code.get(x).i32(MANTISSA_BITS).vector('shiftRightI32').constantI32(half, half, half, half).vector('subI32', 'fromI32').set(e)
  code.get(x).constantI32(mask, mask, mask, mask).vector('and').constantI32(halfBits, halfBits, halfBits, halfBits).vector('or').tee(x)
  code.constant(Math.SQRT1_2).vector('less').set(isSmall)
  code.get(e).constant(1).get(isSmall).vector('and', 'sub').set(e)
  code.get(x).constant(1).vector('sub').get(x).get(isSmall).vector('and', 'add').tee(x).get(x).vector('mul').set(z)
  emitPolynomial(code, LOG, x)
  code.get(x).vector('mul').get(z).vector('mul').get(e).constant(LN2_LOW).vector('mul', 'add')
  code.get(z).constant(0.5).vector('mul', 'sub').get(x).vector('add').get(e).constant(LN2_HIGH).vector('mul', 'add').set(x)
}

/** Replaces the vector in `x` by its hyperbolic tangents. */
export function emitTanh(code: WasmCode, x: Local): void {
  const large = code.local('v128')
  const square = code.local('v128')
  const sign = code.local('v128')
  const signBit = -0x8000_0000
  code.get(x).constantI32(signBit, signBit, signBit, signBit).vector('and').set(sign)
  code.get(x).vector('abs').constant(2).vector('mul').set(large)
  emitExp(code, large)
  code.constant(1).constant(2).get(large).constant(1).vector('add', 'div', 'sub').get(sign).vector('or').set(large)
  code.get(x).get(x).vector('mul').set(square)
  emitPolynomial(code, TANH, square)
  code.get(square).vector('mul').get(x).vector('mul').get(x).vector('add')
  code.get(large).get(x).vector('abs').constant(TANH_POLYNOMIAL_MAX).vector('less', 'select').set(x)
}

/** Pushes c₀ xⁿ + … + cₙ by Horner's rule. */
function emitPolynomial(code: WasmCode, coefficients: readonly number[], x: Local): void {
  coefficients.forEach((coefficient, index) => {
    if (index === 0) code.constant(coefficient)
    else code.get(x).vector('mul').constant(coefficient).vector('add')
  })
}
