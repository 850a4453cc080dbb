import { parentPort } from 'node:worker_threads'
import { type ComposeTask, composeAll, read, type ReadTask } from './composer-tasks.ts'
import { ownDocument } from './own-document.ts'

// The thread that reads and composes documents: a large one takes a second, and one that is made to may take for ever.
const port = parentPort!
let base: ReturnType<typeof ownDocument> | undefined

port.on('message', (task: ReadTask | ComposeTask) => void answer(task))

async function answer(task: ReadTask | ComposeTask): Promise<void> {
  if (task.kind === 'read') port.postMessage(read(task))
  else port.postMessage(composeAll(task, await (base ??= ownDocument())))
}
