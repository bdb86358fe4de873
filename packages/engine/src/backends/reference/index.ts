export { createReferenceBackend, type ReferenceBackendOptions } from './reference-backend.ts'
