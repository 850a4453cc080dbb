import { composeAll, type ComposerAnswer, type ComposerTask, makeContract, read } from './composer-tasks.ts'

// The process that reads and composes documents: a large one takes a second, and one that is made to may take for ever,
// or all the memory there is.
let base: ReturnType<typeof ownDocument> | undefined

process.on('message', (task: ComposerTask) => void answer(task))
// Nobody is there for whom it could be done.
process.on('disconnect', () => process.exit())

async function answer(task: ComposerTask): Promise<void> {
  try {
    send({ result: await run(task) })
  } catch (error) {
    send({ error: (error as Error).message })
  }
}

async function run(task: ComposerTask): Promise<unknown> {
  if (task.kind === 'read') return read(task)
  if (task.kind === 'compose') return composeAll(task, await (base ??= ownDocument()))
  return await makeContract(task)
}

async function ownDocument() {
  const own = await import('./own-document.ts')
  return await own.ownDocument()
}

function send(answer: ComposerAnswer): void {
  process.send!(answer)
}
