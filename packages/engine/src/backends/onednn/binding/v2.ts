// Binding of oneDNN 2.x (verified with 2.6): descriptors are structs, filled by `*_desc_init`, then `dnnl_primitive_desc_create`.

import koffi, { type LibraryHandle } from 'koffi'
import { openAttributes } from './attributes.ts'
import type { Binding, Descriptor, PhysicalLayout, PostOp, PrimitiveDescriptor } from './binding.ts'
import {
  BACKWARD,
  BINARY,
  CONVOLUTION,
  DATA_TYPE,
  ELTWISE_V2,
  NORMALIZATION_V2,
  POOLING,
  PROPAGATION,
  QUERY,
  RESAMPLING,
  TAG_V2,
} from './constants.ts'
import { expectSuccess, isImplemented, isPossible } from './errors.ts'
import { openExecution } from './execution.ts'
import { convolutionArrays, isTagged, normalizationFlags, poolingArrays, stridesOf } from './geometry.ts'
import { dimensionArray, pointerFunction, pointerSlot, sizeFunction, statusFunction } from './native.ts'

/** sizeof(dnnl_memory_desc_t) in 2.0 to 2.7. */
const DESCRIPTOR_BYTES = 696
/** dnnl_memory_desc_t: offsets of its fields in bytes, and dnnl_blocked of dnnl_format_kind_t. */
const FIELD = {
  rank: 0,
  dimensions: 8,
  paddedDimensions: 112,
  formatKind: 312,
  strides: 320,
  blockCount: 416,
  blocks: 424,
  blockDimensions: 520,
} as const
const BLOCKED = 2
/** Room for any operation descriptor; the largest used, a convolution's, has 5976 bytes. */
const OPERATION_BYTES = 8192

type Init = readonly [name: string, call: (operation: Uint8Array) => number]

export function openV2(library: LibraryHandle, version: string): Binding {
  const execution = openExecution(library, version)
  const { engine } = execution
  const byTag = statusFunction(library, 'dnnl_memory_desc_init_by_tag', 'pipii')
  const byStrides = statusFunction(library, 'dnnl_memory_desc_init_by_strides', 'pipip')
  const byParent = statusFunction(library, 'dnnl_memory_desc_init_submemory', 'pppp')
  const byPermutation = statusFunction(library, 'dnnl_memory_desc_permute_axes', 'ppp')
  const equal = statusFunction(library, 'dnnl_memory_desc_equal', 'pp')
  const size = sizeFunction(library, 'dnnl_memory_desc_get_size', 'p')
  const queryMemory = pointerFunction(library, 'dnnl_primitive_desc_query_md', 'pii')
  const create = statusFunction(library, 'dnnl_primitive_desc_create', 'ppppp')
  const createReorder = statusFunction(library, 'dnnl_reorder_primitive_desc_create', 'pppppp')
  const createSum = statusFunction(library, 'dnnl_sum_primitive_desc_create', 'ppipppp')
  const createConcat = statusFunction(library, 'dnnl_concat_primitive_desc_create', 'ppiippp')
  const init = {
    convolution: statusFunction(library, 'dnnl_dilated_convolution_forward_desc_init', 'piipppppppp'),
    convolutionData: statusFunction(library, 'dnnl_dilated_convolution_backward_data_desc_init', 'pippppppp'),
    convolutionWeights: statusFunction(library, 'dnnl_dilated_convolution_backward_weights_desc_init', 'pipppppppp'),
    innerProduct: statusFunction(library, 'dnnl_inner_product_forward_desc_init', 'pipppp'),
    innerProductData: statusFunction(library, 'dnnl_inner_product_backward_data_desc_init', 'pppp'),
    innerProductWeights: statusFunction(library, 'dnnl_inner_product_backward_weights_desc_init', 'ppppp'),
    pool: statusFunction(library, 'dnnl_pooling_forward_desc_init', 'piipppppp'),
    poolBackward: statusFunction(library, 'dnnl_pooling_backward_desc_init', 'pipppppp'),
    eltwise: statusFunction(library, 'dnnl_eltwise_forward_desc_init', 'piipff'),
    eltwiseBackward: statusFunction(library, 'dnnl_eltwise_backward_desc_init', 'pippff'),
    softmax: statusFunction(library, 'dnnl_softmax_forward_desc_init', 'pipi'),
    binary: statusFunction(library, 'dnnl_binary_desc_init', 'pippp'),
    softmaxBackward: statusFunction(library, 'dnnl_softmax_backward_desc_init', 'pppi'),
    batchNorm: statusFunction(library, 'dnnl_batch_normalization_forward_desc_init', 'pipfu'),
    batchNormBackward: statusFunction(library, 'dnnl_batch_normalization_backward_desc_init', 'pippfu'),
    layerNorm: statusFunction(library, 'dnnl_layer_normalization_forward_desc_init', 'pippfu'),
    layerNormBackward: statusFunction(library, 'dnnl_layer_normalization_backward_desc_init', 'pipppfu'),
    resampling: statusFunction(library, 'dnnl_resampling_forward_desc_init', 'piippp'),
    resamplingBackward: statusFunction(library, 'dnnl_resampling_backward_desc_init', 'pippp'),
  }
  const attributes = openAttributes(library, {
    eltwise: ['fiff', (p) => [1, ELTWISE_V2[p.algorithm], p.alpha, p.beta]],
    sum: ['f', (p) => [p.scale]],
  })
  const slot = pointerSlot()

  function newDescriptor(): Uint8Array {
    return new Uint8Array(new ArrayBuffer(DESCRIPTOR_BYTES))
  }

  function primitive([name, fill]: Init, forward: PrimitiveDescriptor | null, postOps: readonly PostOp[] = []): PrimitiveDescriptor | null {
    const operation = new Uint8Array(new ArrayBuffer(OPERATION_BYTES))
    if (!isImplemented(name, fill(operation))) return null
    const status = attributes.with(postOps, (attribute) => create(slot, operation, attribute, engine, forward))
    return isImplemented(`${name}, dnnl_primitive_desc_create`, status) ? (slot[0]! as PrimitiveDescriptor) : null
  }

  return {
    ...execution,
    batchNormBackwardTakesShift: true,
    descriptor: (dimensions, type, layout) => {
      const descriptor = newDescriptor()
      const status = isTagged(layout)
        ? byTag(descriptor, dimensions.length, dimensionArray(dimensions), DATA_TYPE[type], TAG_V2[layout])
        : byStrides(
            descriptor,
            dimensions.length,
            dimensionArray(dimensions),
            DATA_TYPE[type],
            dimensionArray(stridesOf(dimensions, layout)),
          )
      expectSuccess('dnnl_memory_desc_init', status)
      return descriptor as Descriptor
    },
    part: (descriptor, dimensions, offsets) => {
      const part = newDescriptor()
      const status = byParent(part, descriptor as Uint8Array, dimensionArray(dimensions), dimensionArray(offsets))
      return isPossible('dnnl_memory_desc_init_submemory', status) ? (part as Descriptor) : null
    },
    permute: (descriptor, permutation) => {
      const permuted = newDescriptor()
      expectSuccess('dnnl_memory_desc_permute_axes', byPermutation(permuted, descriptor as Uint8Array, Int32Array.from(permutation)))
      return permuted as Descriptor
    },
    equal: (a, b) => equal(a, b) === 1,
    layout: (descriptor) => decodeLayout(descriptor as Uint8Array),
    size: (descriptor) => Number(size(descriptor)),
    query: (primitiveDescriptor, what) => {
      const pointer = queryMemory(primitiveDescriptor, QUERY[what], 0)
      const copy = newDescriptor()
      if (pointer !== null) copy.set(new Uint8Array(koffi.view(pointer, DESCRIPTOR_BYTES)))
      return copy as Descriptor
    },

    convolutionForward: (propagation, algorithm, t, g, postOps) =>
      primitive(
        [
          'convolution forward',
          (operation) =>
            init.convolution(
              operation,
              PROPAGATION[propagation],
              CONVOLUTION[algorithm],
              t.source,
              t.weights,
              t.bias,
              t.destination,
              ...convolutionArrays(g),
            ),
        ],
        null,
        postOps,
      ),
    convolutionBackwardData: (algorithm, t, g, forward) =>
      primitive(
        [
          'convolution backward data',
          (operation) =>
            init.convolutionData(operation, CONVOLUTION[algorithm], t.source, t.weights, t.destination, ...convolutionArrays(g)),
        ],
        forward,
      ),
    convolutionBackwardWeights: (algorithm, t, g, forward) =>
      primitive(
        [
          'convolution backward weights',
          (operation) =>
            init.convolutionWeights(operation, CONVOLUTION[algorithm], t.source, t.weights, t.bias, t.destination, ...convolutionArrays(g)),
        ],
        forward,
      ),
    innerProductForward: (propagation, t, postOps) =>
      primitive(
        [
          'inner product forward',
          (operation) => init.innerProduct(operation, PROPAGATION[propagation], t.source, t.weights, t.bias, t.destination),
        ],
        null,
        postOps,
      ),
    innerProductBackwardData: (t, forward) =>
      primitive(
        ['inner product backward data', (operation) => init.innerProductData(operation, t.source, t.weights, t.destination)],
        forward,
      ),
    innerProductBackwardWeights: (t, forward) =>
      primitive(
        ['inner product backward weights', (operation) => init.innerProductWeights(operation, t.source, t.weights, t.bias, t.destination)],
        forward,
      ),
    poolForward: (propagation, algorithm, source, destination, g, postOps) =>
      primitive(
        [
          'pool forward',
          (operation) => init.pool(operation, PROPAGATION[propagation], POOLING[algorithm], source, destination, ...poolingArrays(g)),
        ],
        null,
        postOps,
      ),
    poolBackward: (algorithm, dSource, dDestination, g, forward) =>
      primitive(
        ['pool backward', (operation) => init.poolBackward(operation, POOLING[algorithm], dSource, dDestination, ...poolingArrays(g))],
        forward,
      ),
    eltwiseForward: (propagation, algorithm, data, alpha, beta, postOps) =>
      primitive(
        ['eltwise forward', (operation) => init.eltwise(operation, PROPAGATION[propagation], ELTWISE_V2[algorithm], data, alpha, beta)],
        null,
        postOps,
      ),
    eltwiseBackward: (algorithm, dData, data, alpha, beta, forward) =>
      primitive(
        ['eltwise backward', (operation) => init.eltwiseBackward(operation, ELTWISE_V2[algorithm], dData, data, alpha, beta)],
        forward,
      ),
    softmaxForward: (propagation, data, axis) =>
      primitive(['softmax forward', (operation) => init.softmax(operation, PROPAGATION[propagation], data, axis)], null),
    softmaxBackward: (dData, data, axis, forward) =>
      primitive(['softmax backward', (operation) => init.softmaxBackward(operation, dData, data, axis)], forward),
    batchNormForward: (propagation, data, normalization) =>
      primitive(
        [
          'batch norm forward',
          (operation) =>
            init.batchNorm(
              operation,
              PROPAGATION[propagation],
              data,
              normalization.epsilon,
              normalizationFlags(normalization, NORMALIZATION_V2),
            ),
        ],
        null,
      ),
    batchNormBackward: (dData, data, normalization, forward) =>
      primitive(
        [
          'batch norm backward',
          (operation) =>
            init.batchNormBackward(
              operation,
              BACKWARD,
              dData,
              data,
              normalization.epsilon,
              normalizationFlags(normalization, NORMALIZATION_V2),
            ),
        ],
        forward,
      ),
    layerNormForward: (propagation, data, statistics, normalization) =>
      primitive(
        [
          'layer norm forward',
          (operation) =>
            init.layerNorm(
              operation,
              PROPAGATION[propagation],
              data,
              statistics,
              normalization.epsilon,
              normalizationFlags(normalization, NORMALIZATION_V2),
            ),
        ],
        null,
      ),
    layerNormBackward: (dData, data, statistics, normalization, forward) =>
      primitive(
        [
          'layer norm backward',
          (operation) =>
            init.layerNormBackward(
              operation,
              BACKWARD,
              dData,
              data,
              statistics,
              normalization.epsilon,
              normalizationFlags(normalization, NORMALIZATION_V2),
            ),
        ],
        forward,
      ),
    resamplingForward: (propagation, algorithm, source, destination) =>
      primitive(
        [
          'resampling forward',
          (operation) => init.resampling(operation, PROPAGATION[propagation], RESAMPLING[algorithm], null, source, destination),
        ],
        null,
      ),
    resamplingBackward: (algorithm, dSource, dDestination, forward) =>
      primitive(
        ['resampling backward', (operation) => init.resamplingBackward(operation, RESAMPLING[algorithm], null, dSource, dDestination)],
        forward,
      ),
    binary: (algorithm, source0, source1, destination, postOps) =>
      primitive(['binary', (operation) => init.binary(operation, BINARY[algorithm], source0, source1, destination)], null, postOps),
    concat: (dimension, sources, destination) => {
      const status = createConcat(slot, destination, sources.length, dimension, packed(sources), null, engine)
      return isImplemented('dnnl_concat_primitive_desc_create', status) ? (slot[0]! as PrimitiveDescriptor) : null
    },
    sum: (scales, sources, destination) => {
      const status = createSum(slot, destination, sources.length, Float32Array.from(scales), packed(sources), null, engine)
      return isImplemented('dnnl_sum_primitive_desc_create', status) ? (slot[0]! as PrimitiveDescriptor) : null
    },
    reorder: (from, to) => {
      const status = createReorder(slot, from, engine, to, engine, null)
      return isImplemented('dnnl_reorder_primitive_desc_create', status) ? (slot[0]! as PrimitiveDescriptor) : null
    },
  }
}

/** Descriptors one after another. */
function packed(descriptors: readonly Descriptor[]): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(descriptors.length * DESCRIPTOR_BYTES))
  descriptors.forEach((descriptor, index) => {
    bytes.set(descriptor as Uint8Array, index * DESCRIPTOR_BYTES)
  })
  return bytes
}

function decodeLayout(bytes: Uint8Array): PhysicalLayout | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  if (view.getInt32(FIELD.formatKind, true) !== BLOCKED) return null
  const numbers = (offset: number, count: number) => Array.from({ length: count }, (_, i) => Number(view.getBigInt64(offset + 8 * i, true)))
  const rank = view.getInt32(FIELD.rank, true)
  const blockCount = view.getInt32(FIELD.blockCount, true)
  const sizes = numbers(FIELD.blocks, blockCount)
  return {
    dimensions: numbers(FIELD.dimensions, rank),
    paddedDimensions: numbers(FIELD.paddedDimensions, rank),
    strides: numbers(FIELD.strides, rank),
    blocks: numbers(FIELD.blockDimensions, blockCount).map((dimension, i) => [dimension, sizes[i]!] as const),
  }
}
