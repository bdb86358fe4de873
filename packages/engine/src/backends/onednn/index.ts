export { type OnednnResult, openOnednn } from './backend.ts'
