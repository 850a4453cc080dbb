import { runBatch } from './batches.ts'

await runBatch('scenarios', 3, 3)
