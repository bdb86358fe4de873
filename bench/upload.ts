// Resident memory of the API while a file is uploaded: expected to stay under 300 MB, whatever the size.
//
// usage: node --import tsx bench/upload.ts [--megabytes 1024]

import { parseArgs } from 'node:util'
import { newUuid, toWireId } from '@trainyard/contracts'
import { apiKeys, createDatabase, datasets, projects } from '@trainyard/database'
import { startTestServices } from '@trainyard/testkit'
import { startApiProcess } from '../apps/api/src/testing/api-process.ts'
import { uploadGenerated } from '../apps/api/src/testing/generated-upload.ts'

const MiB = 1 << 20
const LIMIT_MIB = 300

const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '1024' } } })
const services = await startTestServices({ redis: false })
const database = createDatabase({ url: services.databaseUrl, poolSize: 2 })
const { key, dataset } = await database.asWorker(async (tx) => {
  const project = await projects.create(tx, { name: `bench ${newUuid()}` })
  const { key } = await apiKeys.create(tx, { projectId: project.id, name: 'bench', scopes: ['read', 'write'] })
  return { key, dataset: await datasets.create(tx, { projectId: project.id, name: 'bench', description: '' }) }
})
const api = await startApiProcess(services.databaseUrl, services.storageUrl)
try {
  const before = (await api.peakBytes()) / MiB
  const started = performance.now()
  const answer = await uploadGenerated(
    `${api.url}/v1/datasets/${toWireId('dataset', dataset.id)}/versions`,
    key,
    Number(values.megabytes) * MiB,
  )
  const seconds = (performance.now() - started) / 1000
  const peak = (await api.peakBytes()) / MiB
  console.log(`upload of ${values.megabytes} MB: status ${answer === 'aborted' ? answer : answer.status}, ${seconds.toFixed(1)} s`)
  console.log(`peak resident memory of the API: ${peak.toFixed(0)} MB (${before.toFixed(0)} MB before), limit ${LIMIT_MIB} MB`)
  if (peak > LIMIT_MIB) process.exitCode = 1
} finally {
  await api.stop()
  await database.close()
  await services.stop()
}
