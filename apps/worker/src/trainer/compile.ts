// Loads what a trainer loads and ends: tsx keeps what it has compiled on disk, and a confined trainer may read that but not write it.

import { compileDataThread } from '@trainyard/datasets'
import './kinds.ts'

await compileDataThread()
process.exit(0)
