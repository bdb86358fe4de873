// Kernels that go through tensors element by element.

import { ACTIVATION_FUNCTIONS, type OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'

/** y = f(x) */
export const activation: Kernel<OpAttributes<'activation'>> = {
  bind({ inputs, outputs }, { function: name, alpha }) {
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    const { f } = ACTIVATION_FUNCTIONS[name]
    const count = x.length
    return () => {
      for (let i = 0; i < count; i++) y[i] = f(x[i]!, alpha)
    }
  },
}

/** dx = dy · f'(saved) */
export const activationBackward: Kernel<OpAttributes<'activation_backward'>> = {
  bind({ inputs, outputs }, { function: name, alpha }) {
    const dy = inputs[0]!.values
    const saved = inputs[1]!.values
    const dx = outputs[0]!.values
    const { derivative } = ACTIVATION_FUNCTIONS[name]
    const count = dy.length
    return () => {
      for (let i = 0; i < count; i++) dx[i] = dy[i]! * derivative(saved[i]!, alpha)
    }
  },
}

/** y.flat = x.flat, where the two could not share memory */
export const reshape: Kernel<OpAttributes<'reshape'>> = {
  bind({ inputs, outputs }) {
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    return () => y.set(x)
  },
}

/** y = a + b */
export const add: Kernel<OpAttributes<'add'>> = {
  bind({ inputs, outputs }) {
    const a = inputs[0]!.values
    const b = inputs[1]!.values
    const y = outputs[0]!.values
    const count = y.length
    return () => {
      for (let i = 0; i < count; i++) y[i] = a[i]! + b[i]!
    }
  },
}

/** y = 1 for x ≥ threshold, else 0 */
export const threshold: Kernel<OpAttributes<'threshold'>> = {
  bind({ inputs, outputs }, { threshold: least }) {
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    const count = y.length
    return () => {
      for (let i = 0; i < count; i++) y[i] = x[i]! >= least ? 1 : 0
    }
  },
}

/** y = value */
export const fill: Kernel<OpAttributes<'fill'>> = {
  bind({ outputs }, { value }) {
    const y = outputs[0]!.values
    const count = y.length
    return () => {
      for (let i = 0; i < count; i++) y[i] = value
    }
  },
}
