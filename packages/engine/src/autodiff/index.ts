export { type DifferentiateRequest, differentiate } from './differentiate.ts'
