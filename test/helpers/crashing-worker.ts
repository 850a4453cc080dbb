import { workerData } from 'node:worker_threads'
import type { ThreadData } from '../../src/threads/messages.ts'
import '../../src/worker.ts'
import { obeyCrashOrders } from './obey-crash-orders.ts'

// The gateway's own worker, with a way to break it from outside.
obeyCrashOrders((workerData as ThreadData).row)
