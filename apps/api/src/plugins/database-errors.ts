// Which errors of the database mean that it cannot be reached now, and that the same request may succeed later.

/** Prisma: no connection (P1xxx), timeout of the pool, transaction not started. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034'])
/** Node's, and PostgreSQL's classes 08 (connection), 53 (resources), 57P (shutdown); 57014 is a statement that took too long. */
const CONNECTION_CODE = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|08...|53...|57P..|57014|40001|40P01)$/
const MESSAGE = /timeout exceeded when trying to connect|Connection terminated|Query read timeout|Can't reach database server/i

export function isDatabaseUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 4) return false
  const { code, message, cause } = error as { code?: unknown; message?: unknown; cause?: unknown }
  if (typeof code === 'string' && (PRISMA_CODES.has(code) || CONNECTION_CODE.test(code))) return true
  if (typeof message === 'string' && MESSAGE.test(message)) return true
  return isDatabaseUnavailable(cause, depth + 1)
}
