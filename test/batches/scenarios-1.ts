import { runBatch } from './batches.ts'

await runBatch('scenarios', 1, 3)
