import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLevel } from '../../src/config/types.ts'
import { LogLevels } from '../../src/telemetry/log-levels.ts'

function levels(configured: LogLevel, fixed?: LogLevel) {
  const [here, threads]: [LogLevel[], LogLevel[]] = [[], []]
  const options = { configured, fixed, here: (level: LogLevel) => here.push(level) }
  const made = new LogLevels({ ...options, threads: (level) => threads.push(level) })
  const follow = (level: LogLevel) => made.follow({ log: { level, format: 'json', access: false } })
  return { levels: made, follow, here, threads }
}

test('the level is the configured one, in all threads', () => {
  const { levels: made, follow, here, threads } = levels('info')
  assert.deepEqual(made.view, { level: 'info', configured: 'info' })
  follow('info')
  assert.deepEqual([here, threads], [[], ['info']])
  follow('warn')
  assert.deepEqual([here, threads], [['warn'], ['info', 'warn']])
})

test('what is said at run time holds over reloads, until the configured level changes', () => {
  const { levels: made, follow, here } = levels('info')
  made.choose('debug')
  follow('info')
  assert.deepEqual(made.view, { level: 'debug', configured: 'info' })
  follow('error')
  assert.deepEqual(made.view, { level: 'error', configured: 'error' })
  follow('info')
  assert.deepEqual([made.view.level, here], ['info', ['debug', 'error', 'info']])
})

test('what the command line says stands for the configured level, whatever the file says', () => {
  const { levels: made, follow } = levels('info', 'warn')
  follow('debug')
  assert.deepEqual(made.view, { level: 'warn', configured: 'warn' })
  made.choose('trace')
  follow('error')
  assert.deepEqual(made.view, { level: 'trace', configured: 'warn' })
})
