export { type OnednnBackend, type OnednnResult, openOnednn } from './backend.ts'
export type { CompiledStep } from './executable.ts'
