// The OpenAPI document, from the routes.

import { renderOpenapi as render } from '../../apps/api/src/openapi/document.ts'
import { API_VERSION } from '../../apps/api/src/openapi/version.ts'
import { ROUTES } from '../../apps/api/src/routes.ts'

export function renderOpenapi(): string {
  return `${JSON.stringify(render(ROUTES, API_VERSION), null, 2)}\n`
}
