// Kernels of dense layers.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'
import { addProduct, addProductOfRows, clear, type Strided } from './products.ts'

/** y[n,k] = Σ_d x[n,d] · weight[k,d] + bias[k] */
export const dense: Kernel<OpAttributes<'dense'>> = {
  bind({ inputs, outputs }) {
    const [N, D] = [inputs[0]!.shape[0]!, inputs[0]!.shape[1]!]
    const K = inputs[1]!.shape[0]!
    const x = inputs[0]!.values
    const weight = inputs[1]!.values
    const bias = inputs[2]?.values ?? new Float64Array(0)
    const hasBias = inputs.length > 2
    const y = outputs[0]!.values
    return () => {
      if (hasBias) for (let n = 0, i = 0; n < N; n++) for (let k = 0; k < K; k++, i++) y[i] = bias[k]!
      else clear(y, 0, N * K)
      addProductOfRows(x, 0, weight, 0, y, 0, N, K, D)
    }
  },
}

/** dx[n,d] = Σ_k dy[n,k] · weight[k,d] */
export const denseBackwardData: Kernel<OpAttributes<'dense_backward_data'>> = {
  bind({ inputs, outputs }) {
    const [N, K] = [inputs[0]!.shape[0]!, inputs[0]!.shape[1]!]
    const D = inputs[1]!.shape[1]!
    const dy: Strided = { values: inputs[0]!.values, row: K, column: 1 }
    const weight = inputs[1]!.values
    const dx = outputs[0]!.values
    return () => {
      clear(dx, 0, N * D)
      addProduct(dy, 0, weight, 0, dx, 0, N, D, K)
    }
  },
}

/** dWeight[k,d] = Σ_n dy[n,k] · x[n,d]; dBias[k] = Σ_n dy[n,k] */
export const denseBackwardWeight: Kernel<OpAttributes<'dense_backward_weight'>> = {
  bind({ inputs, outputs }, { bias }) {
    const [N, K] = [inputs[0]!.shape[0]!, inputs[0]!.shape[1]!]
    const D = inputs[1]!.shape[1]!
    const dy = inputs[0]!.values
    const transposed: Strided = { values: dy, row: 1, column: K }
    const x = inputs[1]!.values
    const dWeight = outputs[0]!.values
    const dBias = outputs[1]?.values ?? new Float64Array(0)
    return () => {
      clear(dWeight, 0, K * D)
      addProduct(transposed, 0, x, 0, dWeight, 0, K, D, N)
      if (!bias) return
      for (let k = 0; k < K; k++) {
        let sum = 0
        for (let n = 0; n < N; n++) sum += dy[n * K + k]!
        dBias[k] = sum
      }
    }
  },
}
