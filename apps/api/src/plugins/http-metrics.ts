// Prometheus: a histogram of requests, and what the database knows about jobs, read at each scrape.

import { statistics } from '@trainyard/database'
import type { FastifyInstance } from 'fastify'
import { Gauge, Histogram, Registry } from 'prom-client'
import type { Deps } from '../deps.ts'

declare module 'fastify' {
  interface FastifyInstance {
    metricsRegistry: Registry
  }
}

export function registerMetrics(app: FastifyInstance, { database }: Deps): void {
  const registry = new Registry()
  const durations = new Histogram({
    name: 'trainyard_http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its response.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  })
  const jobs = new Gauge({
    name: 'trainyard_jobs',
    help: 'Jobs by kind and state, of all projects.',
    labelNames: ['kind', 'state'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const { kind, state, count } of await statistics.readJobCounts(database.workerSql)) this.set({ kind, state }, count)
    },
  })
  const queue = new Gauge({
    name: 'trainyard_queue_depth',
    help: 'Runs that wait for a worker.',
    registers: [registry],
    async collect() {
      const { queued, oldestSeconds, unpublished } = await statistics.readQueueDepth(database.workerSql)
      this.set(queued)
      oldest.set(oldestSeconds)
      outbox.set(unpublished)
    },
  })
  const oldest = new Gauge({
    name: 'trainyard_queue_oldest_seconds',
    help: 'Age of the run that has waited longest.',
    registers: [registry],
  })
  const outbox = new Gauge({
    name: 'trainyard_outbox_unpublished',
    help: 'Messages that the relay has not published yet.',
    registers: [registry],
  })
  app.decorate('metricsRegistry', registry)
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    durations.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
  })
  // Both fill themselves when the registry is read.
  void jobs
  void queue
}
