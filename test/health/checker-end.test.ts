import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HealthChecker } from '../../src/health/checker.ts'
import type { HealthVerdict } from '../../src/health/checker.ts'
import { allClosed, checkOf, listen } from './helpers.ts'
import { backend, scripted } from './scripted.ts'

const two = [{ name: 'catalog', healthCheck: checkOf(), backends: [backend('a'), backend('b')] }]

/** Whether a promise is settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(() => (done = true))
  await turn()
  return done
}

test('all is answered once every first probe is, whatever it found', async (t) => {
  const { checker, hold, release } = scripted(t)
  hold()
  checker.update(two)
  const answered = checker.whenAnswered()
  assert.equal(checker.pending, 2)
  await release({ ok: true })
  assert.equal(checker.pending, 1)
  assert.equal(await settled(answered), false)
  await release({ ok: false, reason: 'timeout' })
  assert.equal(checker.pending, 0)
  assert.equal(await settled(answered), true)
  assert.equal(await settled(checker.whenAnswered()), true)
})

test('without anything to probe all is answered', async (t) => {
  const { checker } = scripted(t)
  assert.equal(await settled(checker.whenAnswered()), true)
  checker.update([{ name: 'catalog', backends: [backend('a')] }])
  assert.equal(checker.pending, 0)
})

test('a backend that is removed is waited for no longer', async (t) => {
  const { checker, hold } = scripted(t)
  hold()
  checker.update(two)
  const answered = checker.whenAnswered()
  checker.update([])
  assert.equal(checker.pending, 0)
  assert.equal(await settled(answered), true)
})

test('the verdict is told before the wait for it ends', async (t) => {
  const { checker, verdicts } = scripted(t)
  checker.update(two)
  await checker.whenAnswered()
  assert.equal(verdicts.length, 2)
})

test('a stop aborts what runs, waits for it and leaves nothing to come', async (t) => {
  const { checker, verdicts, starts, held, hold, advance } = scripted(t)
  hold()
  checker.update(two)
  const answered = checker.whenAnswered()
  await checker.stop()
  assert.ok(held.every(({ signal }) => signal.aborted))
  assert.equal(checker.pending, 0)
  assert.equal(await settled(answered), true)
  assert.equal(await settled(checker.whenAnswered()), true)
  checker.update(two)
  await advance(5000)
  assert.equal(starts.length, 2)
  assert.deepEqual(verdicts, [])
})

test('a stop waits for a probe that takes its time to end', async (t) => {
  const { promise, resolve } = Promise.withResolvers<{ ok: true }>()
  const { checker, verdicts } = scripted(t, { probes: { http: async () => await promise } })
  checker.update(two)
  const stopped = checker.stop()
  assert.equal(await settled(stopped), false)
  resolve({ ok: true })
  await stopped
  await checker.stop()
  assert.deepEqual(verdicts, [])
})

test('a stop out of a verdict is a stop', async (t) => {
  const seen: HealthVerdict[] = []
  const { checker, starts, advance } = scripted(t, {
    onVerdict: (verdict) => {
      seen.push(verdict)
      void checker.stop()
    }
  })
  checker.update(two)
  await advance(0)
  await advance(5000)
  assert.equal(seen.length, 1)
  assert.equal(starts.length, 2)
})

test('on real sockets a backend falls ill, recovers and is let go without a trace', async (t) => {
  let status = 200
  const server = createServer((_, response) => response.writeHead(status).end())
  const { port, open } = await listen(t, server)
  const verdicts: HealthVerdict[] = []
  let told = Promise.withResolvers<void>()
  const checker = new HealthChecker({
    onVerdict: (verdict) => {
      verdicts.push(verdict)
      told.resolve()
    }
  })
  t.after(async () => await checker.stop())
  const healthCheck = checkOf({ interval: 20 })
  const url = `http://127.0.0.1:${port}`
  checker.update([{ name: 'catalog', healthCheck, backends: [{ id: 'a', url, healthy: true }] }])
  for (const next of [503, 200]) {
    await told.promise
    told = Promise.withResolvers()
    status = next
  }
  await told.promise
  await checker.stop()
  await allClosed(open)
  assert.deepEqual(
    verdicts.map(({ reason, flipped }) => [reason, flipped]),
    [
      ['probe_passed', false],
      ['status_503', true],
      ['probe_passed', true]
    ]
  )
})
