import { runBatch } from './batches.ts'

await runBatch('units', 1, 2)
