export type { Backend, CompileOptions, Executable, NumericArray, RealArray } from './backend.ts'
export { type OnednnBackend, type OnednnResult, openOnednn } from './onednn/index.ts'
export { createReferenceBackend, type ReferenceBackendOptions } from './reference/index.ts'
