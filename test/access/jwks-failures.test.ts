import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { suite, test, type TestContext } from 'node:test'
import { fetchJwks, type JwksAnswer } from '../../src/access/fetch-jwks.ts'
import { JwksKeeper, type KeysNews } from '../../src/access/jwks-keeper.ts'
import type { JwksSnapshot } from '../../src/access/jwks-source.ts'
import { startBackend } from '../helpers/backend.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { closedPort } from '../helpers/misbehaving-backend.ts'
import { signer } from './jwt-lab.ts'

const KEY = signer('ec', 'key-1')
const OTHER = signer('ec', 'key-2')
const URL_OF_KEYS = 'https://ann:secret@issuer.test/jwks?token=secret'
const GOOD: JwksAnswer = { keys: [KEY.jwk], goodFor: 600_000 }
const NEVER = new AbortController().signal

suite('an issuer that is asked', { concurrency: true }, () => {
  test('and hangs before it answers, or within its answer, is given up', async (t) => {
    const server = await startBackend(t, 'issuer', ({ url }, response) => {
      if (url === '/within') response.write('{"keys":[')
    })
    const answers = await Promise.all(
      ['/before', '/within'].map((path) => fetchJwks(server.url + path, NEVER))
    )
    assert.deepEqual(answers, [{ reason: 'timeout' }, { reason: 'timeout' }])
  })

  test('and drips has no longer than one that hangs', async (t) => {
    const server = await startBackend(t, 'issuer', (_, response) => {
      const drip = setInterval(() => response.write(' '), 200)
      response.once('close', () => clearInterval(drip))
    })
    assert.deepEqual(await fetchJwks(server.url, NEVER), { reason: 'timeout' })
  })

  test('and does not listen is told so', async () => {
    assert.deepEqual(await fetchJwks(await closedPort(), NEVER), { reason: 'connect_refused' })
  })

  test('for no longer than it matters is let go of', async (t) => {
    const server = await startBackend(t, 'issuer', () => stopped.abort())
    const stopped = new AbortController()
    assert.ok('reason' in (await fetchJwks(server.url, stopped.signal)))
    assert.equal(getEventListeners(stopped.signal, 'abort').length, 0)
  })

  test('and is slow, but in time, is heard', async (t) => {
    const server = await startBackend(t, 'issuer', (_, response) => {
      response.setHeader('cache-control', 'public, max-age=120')
      response.write('{"keys":[')
      setTimeout(() => response.end(`${JSON.stringify(KEY.jwk)}]}`), 300)
    })
    assert.deepEqual(await fetchJwks(server.url, NEVER), { keys: [KEY.jwk], goodFor: 120_000 })
  })

  test('says how long its answer is good for, within bounds', async (t) => {
    const server = await startBackend(t, 'issuer', ({ url }, response) => {
      const control = decodeURIComponent(url!.slice(1))
      if (control !== '') response.setHeader('cache-control', control)
      response.end(JSON.stringify({ keys: [KEY.jwk] }))
    })
    for (const [control, seconds] of [
      ['', 600],
      ['no-store', 600],
      ['max-age=0', 60],
      ['max-age=999999999', 3600],
      ['max-age=99999999999999999999', 3600],
      ['s-maxage=70, Max-Age=90', 90],
      ['max-age=-5', 600]
    ] as const) {
      const answer = await fetchJwks(`${server.url}/${encodeURIComponent(control)}`, NEVER)
      assert.equal('keys' in answer && answer.goodFor / 1000, seconds, control)
    }
  })
})

/** A keeper of one issuer whose answers a test gives, in a time that the test moves. */
async function keeperOf(t: TestContext, random = 0.5) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const [news, told]: [KeysNews[], (readonly JwksSnapshot[])[]] = [[], []]
  const log = collectLog()
  let answer: JwksAnswer = GOOD
  let asked = 0
  const keeper = new JwksKeeper({
    log: log.log,
    onEvent: (event) => news.push(event),
    onChange: (snapshots) => told.push(structuredClone(snapshots)),
    ask: async () => {
      asked++
      return answer
    },
    random: () => random
  })
  t.after(() => keeper.stop())
  /** Lets time pass and what is due be done, and says how often the issuer was asked in it. */
  const pass = async (milliseconds: number): Promise<number> => {
    const before = asked
    t.mock.timers.tick(milliseconds)
    await new Promise<void>((resolve) => void setImmediate(resolve))
    return asked - before
  }
  keeper.follow([URL_OF_KEYS])
  await pass(0)
  return { keeper, news, told, log, pass, set: (next: JwksAnswer) => (answer = next) }
}

suite('an issuer', () => {
  test('is asked again when its answer is no longer good, and no sooner', async (t) => {
    const { pass } = await keeperOf(t)
    assert.equal(await pass(599_999), 0)
    assert.equal(await pass(1), 1)
  })

  test('that fails is asked again after pauses that double, up to a minute', async (t) => {
    const { pass, set } = await keeperOf(t)
    set({ reason: 'status_503' })
    assert.equal(await pass(600_000), 1)
    for (const pause of [1, 2, 4, 8, 16, 32, 60, 60]) {
      assert.equal(await pass(pause * 1000 - 1), 0, `${pause} s`)
      assert.equal(await pass(1), 1, `${pause} s`)
    }
  })

  test('is not asked by all gateways at the same time', async (t) => {
    const { pass } = await keeperOf(t, 0)
    assert.equal(await pass(540_000), 1)
  })

  test('whose keys go, come back and change is told of once each, without what is secret in its URL', async (t) => {
    const { keeper, news, told, log, pass, set } = await keeperOf(t)
    const states = () => news.map(({ state, reason }) => [state, reason].filter(Boolean).join(' '))
    await pass(600_000)
    assert.deepEqual(states(), [])
    set({ reason: 'timeout' })
    await pass(600_000)
    await pass(1000)
    assert.deepEqual(states(), ['away timeout'])
    assert.deepEqual(keeper.current(URL_OF_KEYS)?.keys, [KEY.jwk])
    set(GOOD)
    await pass(2000)
    await pass(600_000)
    set({ ...GOOD, keys: [OTHER.jwk] })
    await pass(600_000)
    assert.deepEqual(states(), ['away timeout', 'back', 'changed'])
    assert.equal(news[0]?.url, 'https://issuer.test/jwks')
    assert.doesNotMatch(log.text(), /secret/)
    assert.equal(log.text().trim().split('\n').length, 3)
    assert.deepEqual(told.at(-1)?.[0]?.keys, [OTHER.jwk])
  })

  test('that is not named any more is not asked any more', async (t) => {
    const { keeper, pass, told } = await keeperOf(t)
    keeper.follow([])
    const before = told.length
    assert.equal(await pass(3_600_000), 0)
    assert.equal(told.length, before)
  })
})
