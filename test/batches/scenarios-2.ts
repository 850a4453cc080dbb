import { runBatch } from './batches.ts'

await runBatch('scenarios', 2, 3)
