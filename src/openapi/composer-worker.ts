import { parentPort } from 'node:worker_threads'
import { composeAll, type ComposerTask, makeContract, read } from './composer-tasks.ts'

// The thread that reads and composes documents: a large one takes a second, and one that is made to may take for ever.
const port = parentPort!
let base: ReturnType<typeof ownDocument> | undefined

port.on('message', (task: ComposerTask) => void answer(task))

async function answer(task: ComposerTask): Promise<void> {
  if (task.kind === 'read') port.postMessage(read(task))
  else if (task.kind === 'compose') port.postMessage(composeAll(task, await (base ??= ownDocument())))
  else port.postMessage(await makeContract(task))
}

async function ownDocument() {
  const own = await import('./own-document.ts')
  return await own.ownDocument()
}
