import { type Project, toWireId } from '@trainyard/contracts'
import type { ProjectRecord } from '@trainyard/database'

export function serializeProject(row: ProjectRecord): Project {
  return { id: toWireId('project', row.id), object: 'project', name: row.name, created_at: row.createdAt.toISOString() }
}
