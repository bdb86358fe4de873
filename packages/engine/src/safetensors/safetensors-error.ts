// The one exception of this folder. Callers say what a bad file means for them (a damaged checkpoint, a damaged shard).

export type SafetensorsErrorCode =
  | 'truncated'
  | 'header_too_large'
  | 'header_not_json'
  | 'bad_metadata'
  | 'bad_tensor'
  | 'unknown_dtype'
  | 'bad_shape'
  | 'bad_offsets'
  | 'size_mismatch'
  | 'gap_or_overlap'
  | 'too_many_tensors'
  | 'no_such_tensor'

export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError'
  constructor(
    readonly code: SafetensorsErrorCode,
    message: string,
  ) {
    super(message)
  }
}
