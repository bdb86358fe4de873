// Binding of oneDNN 3.x, written from its headers (3.7): descriptors are opaque, one `*_primitive_desc_create` per operation.
// Descriptors are kept for the life of the process: some hundred bytes each, a few hundred per compiled program.

import koffi, { type LibraryHandle } from 'koffi'
import { openAttributes } from './attributes.ts'
import type { Binding, Descriptor, PhysicalLayout, PostOp, PrimitiveDescriptor } from './binding.ts'
import {
  BACKWARD,
  BINARY,
  CONVOLUTION,
  DATA_TYPE,
  ELTWISE_V3,
  NORMALIZATION_V3,
  POOLING,
  PROPAGATION,
  QUERY,
  RESAMPLING,
  SOFTMAX_ACCURATE,
  TAG_V3,
} from './constants.ts'
import { expectSuccess, isImplemented, isPossible } from './errors.ts'
import { openExecution } from './execution.ts'
import { convolutionArrays, isTagged, normalizationFlags, poolingArrays, stridesOf } from './geometry.ts'
import { dimensionArray, type Pointer, pointerFunction, pointerSlot, sizeFunction, statusFunction } from './native.ts'

/** dnnl_query_t of memory descriptors, and dnnl_blocked of dnnl_format_kind_t. */
const FIELD = {
  rank: 256,
  dimensions: 257,
  paddedDimensions: 260,
  formatKind: 262,
  blockCount: 263,
  blocks: 264,
  blockDimensions: 265,
  strides: 14,
} as const
const BLOCKED = 2

/** Zero as data type of a sum post-op: that of the destination. An explicit f32 is refused by binary primitives. */
const SAME_DATA_TYPE = 0

export function openV3(library: LibraryHandle, version: string): Binding {
  const execution = openExecution(library, version)
  const { engine } = execution
  const status = (name: string, signature: string) => statusFunction(library, `dnnl_${name}`, signature)
  const byTag = status('memory_desc_create_with_tag', 'pipii')
  const byStrides = status('memory_desc_create_with_strides', 'pipip')
  const byParent = status('memory_desc_create_submemory', 'pppp')
  const byPermutation = status('memory_desc_permute_axes', 'ppp')
  const clone = status('memory_desc_clone', 'pp')
  const equal = status('memory_desc_equal', 'pp')
  const queryField = status('memory_desc_query', 'pip')
  const size = sizeFunction(library, 'dnnl_memory_desc_get_size', 'p')
  const queryMemory = pointerFunction(library, 'dnnl_primitive_desc_query_md', 'pii')
  const create = {
    convolution: status('convolution_forward_primitive_desc_create', 'ppiippppppppp'),
    convolutionData: status('convolution_backward_data_primitive_desc_create', 'ppippppppppp'),
    convolutionWeights: status('convolution_backward_weights_primitive_desc_create', 'ppipppppppppp'),
    innerProduct: status('inner_product_forward_primitive_desc_create', 'ppippppp'),
    innerProductData: status('inner_product_backward_data_primitive_desc_create', 'ppppppp'),
    innerProductWeights: status('inner_product_backward_weights_primitive_desc_create', 'pppppppp'),
    pool: status('pooling_forward_primitive_desc_create', 'ppiipppppppp'),
    poolBackward: status('pooling_backward_primitive_desc_create', 'ppippppppppp'),
    eltwise: status('eltwise_forward_primitive_desc_create', 'ppiippffp'),
    eltwiseBackward: status('eltwise_backward_primitive_desc_create', 'ppipppffpp'),
    softmax: status('softmax_forward_primitive_desc_create', 'ppiippip'),
    binary: status('binary_primitive_desc_create', 'ppipppp'),
    softmaxBackward: status('softmax_backward_primitive_desc_create', 'ppipppipp'),
    batchNorm: status('batch_normalization_forward_primitive_desc_create', 'ppippfup'),
    batchNormBackward: status('batch_normalization_backward_primitive_desc_create', 'ppipppfupp'),
    layerNorm: status('layer_normalization_forward_primitive_desc_create', 'ppipppfup'),
    layerNormBackward: status('layer_normalization_backward_primitive_desc_create', 'ppippppfupp'),
    resampling: status('resampling_forward_primitive_desc_create', 'ppiipppp'),
    resamplingBackward: status('resampling_backward_primitive_desc_create', 'ppippppp'),
    concat: status('concat_primitive_desc_create', 'pppiipp'),
    sum: status('sum_primitive_desc_create', 'pppippp'),
    reorder: status('reorder_primitive_desc_create', 'pppppp'),
  }
  const attributes = openAttributes(library, {
    eltwise: ['iff', (p) => [ELTWISE_V3[p.algorithm], p.alpha, p.beta]],
    sum: ['fii', (p) => [p.scale, 0, SAME_DATA_TYPE]],
  })
  const slot = pointerSlot()
  /** Dense pooling windows. */
  const noDilation = dimensionArray([0, 0])

  function primitive(name: string, call: (attribute: Pointer) => number, postOps: readonly PostOp[] = []): PrimitiveDescriptor | null {
    return isImplemented(name, attributes.with(postOps, call)) ? (slot[0]! as PrimitiveDescriptor) : null
  }

  function layoutOf(descriptor: Descriptor): PhysicalLayout | null {
    const number = new Int32Array(new ArrayBuffer(8))
    const integer = (field: number) => {
      expectSuccess('dnnl_memory_desc_query', queryField(descriptor, field, number))
      return number[0]!
    }
    const integers = (field: number, count: number) => {
      if (count === 0) return []
      expectSuccess('dnnl_memory_desc_query', queryField(descriptor, field, slot))
      return Array.from(new BigInt64Array(koffi.view(slot[0]!, 8 * count)), Number)
    }
    if (integer(FIELD.formatKind) !== BLOCKED) return null
    const rank = integer(FIELD.rank)
    const blockCount = integer(FIELD.blockCount)
    const sizes = integers(FIELD.blocks, blockCount)
    return {
      dimensions: integers(FIELD.dimensions, rank),
      paddedDimensions: integers(FIELD.paddedDimensions, rank),
      strides: integers(FIELD.strides, rank),
      blocks: integers(FIELD.blockDimensions, blockCount).map((dimension, i) => [dimension, sizes[i]!] as const),
    }
  }

  return {
    ...execution,
    batchNormBackwardTakesShift: false,
    descriptor: (dimensions, type, layout) => {
      const result = isTagged(layout)
        ? byTag(slot, dimensions.length, dimensionArray(dimensions), DATA_TYPE[type], TAG_V3[layout])
        : byStrides(slot, dimensions.length, dimensionArray(dimensions), DATA_TYPE[type], dimensionArray(stridesOf(dimensions, layout)))
      expectSuccess('dnnl_memory_desc_create', result)
      return slot[0]! as Descriptor
    },
    part: (descriptor, dimensions, offsets) => {
      const status = byParent(slot, descriptor, dimensionArray(dimensions), dimensionArray(offsets))
      return isPossible('dnnl_memory_desc_create_submemory', status) ? (slot[0]! as Descriptor) : null
    },
    permute: (descriptor, permutation) => {
      expectSuccess('dnnl_memory_desc_permute_axes', byPermutation(slot, descriptor, Int32Array.from(permutation)))
      return slot[0]! as Descriptor
    },
    equal: (a, b) => equal(a, b) === 1,
    layout: layoutOf,
    size: (descriptor) => Number(size(descriptor)),
    query: (primitiveDescriptor, what) => {
      expectSuccess('dnnl_memory_desc_clone', clone(slot, queryMemory(primitiveDescriptor, QUERY[what], 0)))
      return slot[0]! as Descriptor
    },

    convolutionForward: (propagation, algorithm, t, g, postOps) =>
      primitive(
        'convolution forward',
        (a) =>
          create.convolution(
            slot,
            engine,
            PROPAGATION[propagation],
            CONVOLUTION[algorithm],
            t.source,
            t.weights,
            t.bias,
            t.destination,
            ...convolutionArrays(g),
            a,
          ),
        postOps,
      ),
    convolutionBackwardData: (algorithm, t, g, forward) =>
      primitive('convolution backward data', (a) =>
        create.convolutionData(
          slot,
          engine,
          CONVOLUTION[algorithm],
          t.source,
          t.weights,
          t.destination,
          ...convolutionArrays(g),
          forward,
          a,
        ),
      ),
    convolutionBackwardWeights: (algorithm, t, g, forward) =>
      primitive('convolution backward weights', (a) =>
        create.convolutionWeights(
          slot,
          engine,
          CONVOLUTION[algorithm],
          t.source,
          t.weights,
          t.bias,
          t.destination,
          ...convolutionArrays(g),
          forward,
          a,
        ),
      ),
    innerProductForward: (propagation, t, postOps) =>
      primitive(
        'inner product forward',
        (a) => create.innerProduct(slot, engine, PROPAGATION[propagation], t.source, t.weights, t.bias, t.destination, a),
        postOps,
      ),
    innerProductBackwardData: (t, forward) =>
      primitive('inner product backward data', (a) =>
        create.innerProductData(slot, engine, t.source, t.weights, t.destination, forward, a),
      ),
    innerProductBackwardWeights: (t, forward) =>
      primitive('inner product backward weights', (a) =>
        create.innerProductWeights(slot, engine, t.source, t.weights, t.bias, t.destination, forward, a),
      ),
    poolForward: (propagation, algorithm, source, destination, g, postOps) => {
      const [strides, kernel, begin, end] = poolingArrays(g)
      const call = (a: Pointer) =>
        create.pool(
          slot,
          engine,
          PROPAGATION[propagation],
          POOLING[algorithm],
          source,
          destination,
          strides,
          kernel,
          noDilation,
          begin,
          end,
          a,
        )
      return primitive('pool forward', call, postOps)
    },
    poolBackward: (algorithm, dSource, dDestination, g, forward) => {
      const [strides, kernel, begin, end] = poolingArrays(g)
      return primitive('pool backward', (a) =>
        create.poolBackward(slot, engine, POOLING[algorithm], dSource, dDestination, strides, kernel, noDilation, begin, end, forward, a),
      )
    },
    eltwiseForward: (propagation, algorithm, data, alpha, beta, postOps) =>
      primitive(
        'eltwise forward',
        (a) => create.eltwise(slot, engine, PROPAGATION[propagation], ELTWISE_V3[algorithm], data, data, alpha, beta, a),
        postOps,
      ),
    eltwiseBackward: (algorithm, dData, data, alpha, beta, forward) =>
      primitive('eltwise backward', (a) =>
        create.eltwiseBackward(slot, engine, ELTWISE_V3[algorithm], dData, dData, data, alpha, beta, forward, a),
      ),
    softmaxForward: (propagation, data, axis) =>
      primitive('softmax forward', (a) => create.softmax(slot, engine, PROPAGATION[propagation], SOFTMAX_ACCURATE, data, data, axis, a)),
    softmaxBackward: (dData, data, axis, forward) =>
      primitive('softmax backward', (a) => create.softmaxBackward(slot, engine, SOFTMAX_ACCURATE, dData, dData, data, axis, forward, a)),
    batchNormForward: (propagation, data, n) =>
      primitive('batch norm forward', (a) =>
        create.batchNorm(slot, engine, PROPAGATION[propagation], data, data, n.epsilon, normalizationFlags(n, NORMALIZATION_V3), a),
      ),
    batchNormBackward: (dData, data, n, forward) =>
      primitive('batch norm backward', (a) =>
        create.batchNormBackward(
          slot,
          engine,
          BACKWARD,
          dData,
          dData,
          data,
          n.epsilon,
          normalizationFlags(n, NORMALIZATION_V3),
          forward,
          a,
        ),
      ),
    layerNormForward: (propagation, data, statistics, n) =>
      primitive('layer norm forward', (a) =>
        create.layerNorm(
          slot,
          engine,
          PROPAGATION[propagation],
          data,
          data,
          statistics,
          n.epsilon,
          normalizationFlags(n, NORMALIZATION_V3),
          a,
        ),
      ),
    layerNormBackward: (dData, data, statistics, n, forward) =>
      primitive('layer norm backward', (a) =>
        create.layerNormBackward(
          slot,
          engine,
          BACKWARD,
          dData,
          dData,
          data,
          statistics,
          n.epsilon,
          normalizationFlags(n, NORMALIZATION_V3),
          forward,
          a,
        ),
      ),
    resamplingForward: (propagation, algorithm, source, destination) =>
      primitive('resampling forward', (a) =>
        create.resampling(slot, engine, PROPAGATION[propagation], RESAMPLING[algorithm], null, source, destination, a),
      ),
    resamplingBackward: (algorithm, dSource, dDestination, forward) =>
      primitive('resampling backward', (a) =>
        create.resamplingBackward(slot, engine, RESAMPLING[algorithm], null, dSource, dDestination, forward, a),
      ),
    concat: (dimension, sources, destination) => {
      const pointers = BigUint64Array.from(sources, (source) => source as bigint)
      return primitive('concat', (a) => create.concat(slot, engine, destination, sources.length, dimension, pointers, a))
    },
    binary: (algorithm, source0, source1, destination, postOps) =>
      primitive('binary', (a) => create.binary(slot, engine, BINARY[algorithm], source0, source1, destination, a), postOps),
    sum: (scales, sources, destination) => {
      const pointers = BigUint64Array.from(sources, (source) => source as bigint)
      return primitive('sum', (a) => create.sum(slot, engine, destination, sources.length, Float32Array.from(scales), pointers, a))
    },
    reorder: (from, to) => primitive('reorder', (a) => create.reorder(slot, from, engine, to, engine, a)),
  }
}
