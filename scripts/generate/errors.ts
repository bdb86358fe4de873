// The error catalogue as a page: what the `type` of a problem document points to.

import { ERROR_CODES, ERRORS } from '@trainyard/errors'

export function renderErrors(): string {
  const sections = ERROR_CODES.map((code) => {
    const { title, hint, status, category, retryable } = ERRORS[code]
    return `## ${code}\n\n${title}. ${hint}\n\nStatus ${status} · category ${category} · ${retryable ? 'the same request may succeed later' : 'repeating the same request does not help'}\n`
  })
  return `# Errors\n\nGenerated from packages/errors/src/catalogue.ts.\n\n${sections.join('\n')}`
}
