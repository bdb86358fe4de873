export { messageId, type QueueConnection, RUN_QUEUE } from './connection.ts'
export {
  type LeaseReconciliation,
  type MessageReconciliation,
  type Reconciler,
  type ReconcilerOptions,
  reconcileLeases,
  reconcileMessages,
  startReconciler,
} from './reconciler.ts'
export { checkRedis } from './redis-check.ts'
export { drainOutbox, type Relay, type RelayOptions, startRelay } from './relay.ts'
export { type RunConsumer, type RunConsumerOptions, startRunConsumer } from './run-consumer.ts'
export { type MessageState, migrateQueue, openRunQueue, type RunQueue, type RunQueueOptions } from './run-queue.ts'
