// Real services for tests, and the faults that they should bear.

export { type FaultProxy, type ProxyMode, startFaultProxy } from './fault-proxy.ts'
export { hasRedis, startTestServices, type TestServices, type TestServicesOptions } from './test-services.ts'
