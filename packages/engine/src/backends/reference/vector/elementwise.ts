// Activations, updates and fills: the same for every number, four at a time. The last vector may read past the end, and stores what counts.

import type { ActivationFunction } from '../../../ops/attributes.ts'
import { type Emitter, LANES, VECTOR_BYTES } from './emitter.ts'
import { emitExp, emitTanh } from './functions.ts'
import type { Local, WasmCode } from './wasm-code.ts'

/** Calls the body for each vector of `elements` numbers with the number of lanes that count. */
function emitEach(code: WasmCode, elements: number, body: (pointer: Local | undefined, offset: number, lanes: number) => void): void {
  const whole = Math.floor(elements / LANES)
  const pointer = code.local('i32')
  code.repeat(whole, [[pointer, VECTOR_BYTES]], () => body(pointer, 0, LANES))
  if (elements % LANES > 0) body(undefined, whole * VECTOR_BYTES, elements % LANES)
}

/** Replaces x in a local by f(x). */
const FORWARD: { readonly [F in ActivationFunction]?: (code: WasmCode, x: Local, alpha: number) => void } = {
  relu: (code, x) => void code.get(x).constant(0).vector('max').set(x),
  leaky_relu: (code, x, alpha) =>
    void code.get(x).get(x).constant(alpha).vector('mul').get(x).constant(0).vector('greater', 'select').set(x),
  sigmoid: (code, x) => {
    code.get(x).vector('neg').set(x)
    emitExp(code, x)
    code.constant(1).get(x).constant(1).vector('add', 'div').set(x)
  },
  tanh: emitTanh,
}

/** Pushes dy · f′, from y. */
const BACKWARD: { readonly [F in ActivationFunction]?: (code: WasmCode, dy: Local, y: Local, alpha: number) => void } = {
  relu: (code, dy, y) => void code.get(dy).get(y).constant(0).vector('greater', 'and'),
  leaky_relu: (code, dy, y, alpha) =>
    void code.get(dy).get(dy).constant(alpha).vector('mul').get(y).constant(0).vector('greater', 'select'),
  sigmoid: (code, dy, y) => void code.get(dy).get(y).vector('mul').constant(1).get(y).vector('sub', 'mul'),
  tanh: (code, dy, y) => void code.get(dy).constant(1).get(y).get(y).vector('mul', 'sub', 'mul'),
}

export const activation: Emitter<'activation'> = ({ code, inputs: [x], outputs: [y], attributes }) => {
  const apply = FORWARD[attributes.function]
  if (apply === undefined || x === undefined || y === undefined) return false
  const value = code.local('v128')
  emitEach(code, x.elements, (pointer, offset, lanes) => {
    code.load({ address: x.address + offset, ...(pointer === undefined ? {} : { pointer }) }).set(value)
    apply(code, value, attributes.alpha)
    code.store({ address: y.address + offset, ...(pointer === undefined ? {} : { pointer }) }, value, lanes)
  })
  return true
}

export const activationBackward: Emitter<'activation_backward'> = ({ code, inputs: [dy, y], outputs: [dx], attributes }) => {
  const apply = BACKWARD[attributes.function]
  if (apply === undefined || dy === undefined || y === undefined || dx === undefined) return false
  const [derivative, value] = [code.local('v128'), code.local('v128')]
  emitEach(code, dy.elements, (pointer, offset, lanes) => {
    const at = ({ address }: { readonly address: number }) => ({ address: address + offset, ...(pointer === undefined ? {} : { pointer }) })
    code.load(at(dy)).set(derivative).load(at(y)).set(value)
    apply(code, derivative, value, attributes.alpha)
    code.set(value).store(at(dx), value, lanes)
  })
  return true
}

export const fill: Emitter<'fill'> = ({ code, outputs: [y], attributes }) => {
  if (y === undefined) return false
  const value = code.local('v128')
  code.constant(attributes.value).set(value)
  emitEach(code, y.elements, (pointer, offset, lanes) =>
    code.store({ address: y.address + offset, ...(pointer === undefined ? {} : { pointer }) }, value, lanes),
  )
  return true
}

/** g = gradient + weightDecay · p; v ← momentum · v + g; p ← p − learningRate · v, or g + momentum · v with Nesterov's correction. */
export const sgdUpdate: Emitter<'sgd_update'> = ({ code, inputs: [parameter, gradient, learningRate, velocity], attributes }) => {
  if (parameter === undefined || gradient === undefined || learningRate === undefined) return false
  const { momentum, nesterov, weightDecay } = attributes
  const [rate, p, step, v] = [code.local('v128'), code.local('v128'), code.local('v128'), code.local('v128')]
  code.loadSplat(learningRate).set(rate)
  emitEach(code, parameter.elements, (pointer, offset, lanes) => {
    const at = ({ address }: { readonly address: number }) => ({ address: address + offset, ...(pointer === undefined ? {} : { pointer }) })
    code.load(at(parameter)).set(p).load(at(gradient))
    if (weightDecay !== 0) code.get(p).constant(weightDecay).vector('mul', 'add')
    code.set(step)
    if (velocity !== undefined) {
      code.load(at(velocity)).constant(momentum).vector('mul').get(step).vector('add').set(v).store(at(velocity), v, lanes)
      if (nesterov) code.get(step).get(v).constant(momentum).vector('mul', 'add').set(step)
      else code.get(v).set(step)
    }
    code.get(p).get(rate).get(step).vector('mul', 'sub').set(p).store(at(parameter), p, lanes)
  })
  return true
}
