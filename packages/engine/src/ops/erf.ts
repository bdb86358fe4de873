// The error function, which JavaScript lacks.

/** Beyond it 1 − erf is under 2^-53. */
const SATURATED = 6

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·5…(2n+1)): all terms have one sign, so the error stays near 2^-52.
 * Source: Abramowitz and Stegun, 7.1.6.
 */
export function erf(x: number): number {
  if (x > SATURATED) return 1
  if (x < -SATURATED) return -1
  const square = x * x
  let term = x
  let sum = x
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (2 * square) / odd
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum
}
