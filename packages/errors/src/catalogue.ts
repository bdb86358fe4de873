// The error catalogue: every error that leaves the system, once. Status, category and retry policy are columns of the same table,
// so that a new code cannot be forgotten in one of them.

/** Who can do something about it. */
export type ErrorCategory = 'user' | 'data' | 'resource' | 'engine' | 'infrastructure'

interface CatalogueEntry {
  /** Short and the same for every occurrence (RFC 9457 `title`). */
  readonly title: string
  /** How to fix it, in general; an occurrence may say more. */
  readonly hint: string
  /** HTTP status of a response that carries it. */
  readonly status: number
  readonly category: ErrorCategory
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean
}

const user = (status: number, title: string, hint: string): CatalogueEntry => ({ title, hint, status, category: 'user', retryable: false })
const data = (title: string, hint: string): CatalogueEntry => ({ title, hint, status: 422, category: 'data', retryable: false })

export const ERRORS = {
  invalid_request: user(422, 'The request has mistakes', 'Correct every entry of `errors` and send the request again.'),
  malformed_json: user(400, 'The body is not JSON', 'Send valid JSON with the header content-type: application/json.'),
  malformed_upload: user(400, 'The upload is not a readable multipart body', 'Send multipart/form-data with one part per file.'),
  malformed_request: user(400, 'The request is not HTTP', 'Send HTTP/1.1 as RFC 9112 describes it.'),
  unauthenticated: user(
    401,
    'No valid API key',
    'Send the header authorization: Bearer <key>; create keys with `npm run cli -- keys create`.',
  ),
  forbidden: user(403, 'The API key lacks a scope', 'Use a key with the scope that `detail` names.'),
  not_found: user(404, 'No such resource', 'Check the id and that the API key belongs to its project.'),
  method_not_allowed: user(405, 'The method is not allowed here', 'See the API documentation for the methods of this path.'),
  conflict: user(
    409,
    'The resource is not in a state that allows this',
    'Read the resource again; `allowed_actions` lists what is possible.',
  ),
  idempotency_in_flight: {
    ...user(409, 'A request with this Idempotency-Key is still in flight', 'Repeat the request after a moment.'),
    retryable: true,
  },
  idempotency_mismatch: user(422, 'The Idempotency-Key was used with another request', 'Use a new key for a new request.'),
  precondition_failed: user(412, 'The resource has changed since it was read', 'Read it again and repeat the change with its new ETag.'),
  slow_request: {
    ...user(408, 'The request came too slowly', 'Send it again; send large files in parts, which go on where a connection broke off.'),
    retryable: true,
  },
  payload_too_large: user(413, 'The body is too large', 'Send less, or ask the operator for a higher limit.'),
  unsupported_media_type: user(
    415,
    'The content type is not supported here',
    'Use a content type that the API documentation lists for this path.',
  ),
  executable_format: user(
    415,
    'The file format can execute code and is refused',
    'Convert weights to safetensors and data to IDX, CSV or NPY.',
  ),
  range_not_satisfiable: user(
    416,
    'The range is outside of the file',
    'Ask for bytes that exist; `content-range` says how many there are.',
  ),
  headers_too_large: user(431, 'The headers are too large', 'Send fewer or shorter headers.'),
  rate_limited: { ...user(429, 'Too many requests', 'Wait as long as the header retry-after says.'), retryable: true },
  quota_exceeded: user(429, 'A quota of the project is used up', 'Delete what is no longer needed, or ask the operator for more.'),

  invalid_model: user(
    422,
    'The model specification has mistakes',
    'Correct every entry of `errors`; POST /v1/models/validate checks without saving.',
  ),
  invalid_training: user(
    422,
    'The training configuration has mistakes',
    'Correct every entry of `errors`; ?validate_only=true checks without submitting.',
  ),
  model_too_large: user(422, 'The model is larger than the limits', 'Reduce units, filters, input size or batch size.'),
  incompatible_transfer: user(
    422,
    'The checkpoint does not fit the model',
    'Look at the transfer plan: exclude layers that differ, or use the same model.',
  ),

  invalid_data: data('The data has problems', 'Correct the rows that `errors` names and upload again.'),
  import_failed: user(
    422,
    'The URL cannot be imported',
    'Check that the URL answers with the file itself, without a login, or upload the file.',
  ),
  dataset_not_ready: { ...user(409, 'The dataset version is not ready', 'Wait until its status is "ready".'), retryable: true },
  corrupt_checkpoint: { ...data('The checkpoint is damaged', 'Use the checkpoint before it.'), status: 500 },
  diverged: data('Training diverged: the loss is not a finite number', 'Lower the learning rate, clip gradients, or normalize the inputs.'),

  out_of_memory: {
    title: 'The run needs more memory than it may use',
    hint: 'Reduce the batch size or the model.',
    status: 507,
    category: 'resource',
    retryable: false,
  },
  storage_full: {
    title: 'The storage is full',
    hint: 'Free space; the run resumes from its last checkpoint.',
    status: 507,
    category: 'resource',
    retryable: true,
  },
  timeout: {
    title: 'The work took longer than its limit',
    hint: 'Raise max_runtime_s or reduce the work.',
    status: 504,
    category: 'resource',
    retryable: false,
  },
  trainer_crashed: {
    title: 'The trainer process ended unexpectedly',
    hint: 'If it happens again with the same job, report it with the run id.',
    status: 500,
    category: 'engine',
    retryable: true,
  },
  engine_failure: {
    title: 'The engine failed',
    hint: 'Report it with the run id; the reference backend may serve meanwhile.',
    status: 500,
    category: 'engine',
    retryable: false,
  },
  crash_limit: {
    title: 'The run crashed too often',
    hint: 'See the events of the run for the reason of each crash.',
    status: 500,
    category: 'engine',
    retryable: false,
  },
  overloaded: {
    title: 'The service has more to do than it can take',
    hint: 'Repeat the request after a moment; send large files in parts, and fewer of them at once.',
    status: 503,
    category: 'infrastructure',
    retryable: true,
  },
  unavailable: {
    title: 'A part of the service is not reachable',
    hint: 'Repeat the request after a moment.',
    status: 503,
    category: 'infrastructure',
    retryable: true,
  },
  internal: {
    title: 'An unexpected error on our side',
    hint: 'Repeat the request; if it fails again, report the request_id.',
    status: 500,
    category: 'infrastructure',
    retryable: true,
  },
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof ERRORS
export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]
