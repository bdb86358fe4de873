// Primitive attributes: post-ops only. v2 and v3 differ in the arguments of the two appending calls.

import type { LibraryHandle } from 'koffi'
import type { PostOp } from './binding.ts'
import { expectSuccess } from './errors.ts'
import { pointerSlot, type Signature, statusFunction } from './native.ts'

type Of<K extends PostOp['kind']> = Extract<PostOp, { kind: K }>

/** Per kind: the signature after the list's handle, and its values. */
export type PostOpArguments = { readonly [K in PostOp['kind']]: readonly [signature: Signature, values: (postOp: Of<K>) => number[]] }

export interface Attributes {
  /** Calls with an attribute that lives for the call only, or NULL where there is nothing to say. */
  with(postOps: readonly PostOp[], call: (attribute: bigint | null) => number): number
}

export function openAttributes(library: LibraryHandle, signatures: PostOpArguments): Attributes {
  const createAttribute = statusFunction(library, 'dnnl_primitive_attr_create', 'p')
  const destroyAttribute = statusFunction(library, 'dnnl_primitive_attr_destroy', 'p')
  const setPostOps = statusFunction(library, 'dnnl_primitive_attr_set_post_ops', 'pp')
  const createPostOps = statusFunction(library, 'dnnl_post_ops_create', 'p')
  const destroyPostOps = statusFunction(library, 'dnnl_post_ops_destroy', 'p')
  const eltwise = statusFunction(library, 'dnnl_post_ops_append_eltwise', `p${signatures.eltwise[0]}`)
  const sum = statusFunction(library, 'dnnl_post_ops_append_sum', `p${signatures.sum[0]}`)
  const slot = pointerSlot()

  function append(list: bigint, postOp: PostOp): number {
    return postOp.kind === 'eltwise' ? eltwise(list, ...signatures.eltwise[1](postOp)) : sum(list, ...signatures.sum[1](postOp))
  }

  return {
    with: (postOps, call) => {
      if (postOps.length === 0) return call(null)
      expectSuccess('dnnl_primitive_attr_create', createAttribute(slot))
      const attribute = slot[0]!
      expectSuccess('dnnl_post_ops_create', createPostOps(slot))
      const list = slot[0]!
      try {
        for (const postOp of postOps) expectSuccess(`dnnl_post_ops_append_${postOp.kind}`, append(list, postOp))
        expectSuccess('dnnl_primitive_attr_set_post_ops', setPostOps(attribute, list))
        return call(attribute)
      } finally {
        destroyPostOps(list)
        destroyAttribute(attribute)
      }
    },
  }
}
