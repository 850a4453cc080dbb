import { runBatch } from './batches.ts'

await runBatch('units', 2, 2)
