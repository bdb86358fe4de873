import { projectSchema } from '@trainyard/contracts'
import { projects } from '@trainyard/database'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { serializeProject } from './project.serializer.ts'

export const getProject = defineRoute({
  method: 'GET',
  path: '/v1/projects/{project_id}',
  operationId: 'getProject',
  tag: 'projects',
  summary: 'Get a project',
  description: 'Only the project of the API key exists for it.',
  scope: 'read',
  params: idParams('project'),
  responses: { 200: { description: 'The project.', schema: projectSchema } },
  handler: ({ params, transaction }) =>
    transaction(async (tx) => serializeProject(found(await projects.find(tx, uuidOf('project', params.project_id)), params.project_id))),
})
