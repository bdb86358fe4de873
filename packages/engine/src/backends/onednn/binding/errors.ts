// What the library says when it refuses, as an error with a cause that can be acted on.

/** dnnl_status_t, equal in v2 and v3. */
const STATUS = [
  'success',
  'out of memory',
  'invalid arguments',
  'unimplemented',
  'last implementation reached',
  'runtime error',
  'not required',
] as const

const SUCCESS = 0
const INVALID_ARGUMENTS = 2
const UNIMPLEMENTED = 3

/** The library refused a call that should have worked: a fault of this backend or too little memory. */
export class OnednnError extends Error {
  override readonly name = 'OnednnError'
  constructor(
    readonly call: string,
    readonly status: number,
  ) {
    super(`oneDNN: ${call} returned ${status} (${STATUS[status] ?? 'unknown status'}), expected 0 (success).`)
  }
}

export function expectSuccess(call: string, status: number): void {
  if (status !== SUCCESS) throw new OnednnError(call, status)
}

/** True on success, false where a descriptor cannot express what is asked for. */
export function isPossible(call: string, status: number): boolean {
  return status !== INVALID_ARGUMENTS && isImplemented(call, status)
}

/** True on success, false where the library has no implementation. */
export function isImplemented(call: string, status: number): boolean {
  if (status === SUCCESS) return true
  if (status === UNIMPLEMENTED) return false
  throw new OnednnError(call, status)
}
