import { projectSchema } from '@trainyard/contracts'
import { projects } from '@trainyard/database'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeProject } from './project.serializer.ts'

export const getOwnProject = defineRoute({
  method: 'GET',
  path: '/v1/project',
  operationId: 'getOwnProject',
  tag: 'projects',
  summary: 'Get the project of the API key',
  description: 'The project in which this API key acts.',
  scope: 'read',
  responses: { 200: { description: 'The project.', schema: projectSchema } },
  handler: ({ transaction, principal }) =>
    transaction(async (tx) => serializeProject(found(await projects.find(tx, principal.projectId), 'project'))),
})
