// Compares derivatives of ops with central differences, in float64: npm run gradcheck [op …]

import { createReferenceBackend } from '@trainyard/engine/backends'
import { OP_NAMES, OPS, type OpName, opOf } from '@trainyard/engine/ops'
import { checkGradient, GRADIENT_TOLERANCE, type GradientCheck } from '@trainyard/engine/testing'

const backend = createReferenceBackend({ real: 'float64' })
const differentiable = OP_NAMES.filter((op) => OPS[op].derivative !== null)
const names = process.argv.slice(2)
const unknown = names.filter((name) => !differentiable.some((op) => op === name))
if (unknown.length > 0) {
  console.error(`No op with a derivative is named ${unknown.join(', ')}. There are: ${differentiable.join(', ')}.`)
  process.exit(2)
}

function checkAll<K extends OpName>(op: K): GradientCheck[] {
  return opOf(op).samples.map((sample) => checkGradient(backend, op, sample))
}

const checks = differentiable.filter((op) => names.length === 0 || names.includes(op)).flatMap(checkAll)
const isGood = ({ worstError, elements }: GradientCheck): boolean => elements > 0 && worstError <= GRADIENT_TOLERANCE
console.log(`${'op'.padEnd(24)}${'sample'.padEnd(32)}${'elements'.padStart(9)}${'worst error'.padStart(13)}${'tolerance'.padStart(11)}`)
for (const check of checks) {
  const { op, sample, elements, worstError } = check
  const numbers = `${String(elements).padStart(9)}${worstError.toExponential(1).padStart(13)}${GRADIENT_TOLERANCE.toExponential(0).padStart(11)}`
  console.log(`${op.padEnd(24)}${sample.padEnd(32)}${numbers}${isGood(check) ? '' : '  FAILED'}`)
}
const failed = checks.filter((check) => !isGood(check)).length
console.log(`${checks.length} samples, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
