// Errors of a connection that no request can be made of any more: answered on the socket itself, which is then closed.

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { newUuid } from '@trainyard/contracts'
import { type ErrorCode, TrainyardError } from '@trainyard/errors'
import { PROBLEM_CONTENT_TYPE, toProblem } from './problem.ts'

export const newRequestId = () => `req_${newUuid().replaceAll('-', '')}`

/** Code of Node's HTTP parser → ours. */
const CONNECTION_ERRORS: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'slow_request',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
}

/** What Node reports as clientError. */
export function answerConnectionError(error: NodeJS.ErrnoException, socket: Socket): void {
  const { code = '' } = error
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const known = Object.hasOwn(CONNECTION_ERRORS, code) ? CONNECTION_ERRORS[code] : undefined
  closeWithProblem(socket, new TrainyardError(known ?? 'malformed_request', { cause: error }), newRequestId())
}

export function closeWithProblem(socket: Socket, error: TrainyardError, requestId: string): void {
  const problem = toProblem(error, requestId)
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_CONTENT_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}
