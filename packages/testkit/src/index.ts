// Real services for tests.

export { hasRedis, startTestServices, type TestServices, type TestServicesOptions } from './test-services.ts'
