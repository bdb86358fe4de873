export { fans } from './fan.ts'
export { type InitializedParameter, initialValues } from './initial-values.ts'
export {
  type Initializer,
  type InitializerConfig,
  type InitializerObject,
  initializerNameSchema,
  initializerObjectSchema,
  initializerSchema,
  toInitializerObject,
} from './initializer.ts'
