import { spawn } from 'node:child_process'
import { testBatches } from '../test/batches/batches.ts'

// All tests, by the test runner of Node, whose options may be given: those that can share a process do.
const { alone } = testBatches()
const child = spawn(
  process.execPath,
  [
    '--test',
    '--test-concurrency=5',
    '--test-timeout=120000',
    ...process.argv.slice(2),
    'test/batches/{units,scenarios}-*.ts',
    ...alone
  ],
  { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: 'node_modules/.cache/compile' } }
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
