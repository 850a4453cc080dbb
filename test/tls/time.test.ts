import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { createAuthority } from '../helpers/certificates.ts'
import { until } from '../helpers/until.ts'
import { publish, startStore } from './store.ts'

const HOUR = 3_600_000
const START = Date.parse('2030-01-01T00:00:00Z')

/** Valid for three weeks from the start. */
const VALIDITY = { from: '20291231000000Z', to: '20300122000000Z' }

test('a certificate that ends soon is told at its loading and every day, also once it has ended', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const authority = await createAuthority()
  const soon = await authority.issue(['a.example'], VALIDITY)
  const late = await authority.issue(['b.example'], { from: '20200101000000Z', to: '20350101000000Z' })
  let now = START
  const { events, told, store } = await startStore(t, [late, soon], () => now)
  /** Lets hours go by, and what is due happen. */
  const pass = async (hours: number, told?: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour++) {
      now += HOUR
      t.mock.timers.tick(HOUR)
      await turn()
    }
    if (told !== undefined) await until(`${told} are told`, () => events.length === told)
  }
  await pass(6 * 24)
  assert.equal(events.length, 0, 'fifteen days are left')
  await pass(24, 1)
  assert.deepEqual(told(), ['expiring server.tls.certificates[1]'])
  assert.deepEqual(events[0]?.hosts, ['a.example'])
  assert.equal(events[0].expires, '2030-01-22T00:00:00.000Z')
  await pass(23)
  assert.equal(events.length, 1)
  await pass(1, 2)
  // A reload that reads the same again is no reason to tell it again.
  await store.use(await store.stage([late, soon]))
  assert.equal(events.length, 2)
  now = Date.parse('2030-01-22T00:00:01Z')
  await pass(1, 4)
  assert.deepEqual(told().slice(2), [
    'refused server.tls.certificates[1].cert expired',
    'expired server.tls.certificates[1]'
  ])
})

test('one that is loaded two weeks before its end or later is told at once', async (t) => {
  const authority = await createAuthority()
  const soon = await authority.issue(['a.example'], VALIDITY)
  const { told } = await startStore(t, [soon], () => Date.parse('2030-01-08T00:00:00Z'))
  assert.deepEqual(told(), ['expiring server.tls.certificates[0]'])
  const other = await startStore(t, [soon], () => Date.parse('2030-01-07T23:59:59Z'))
  assert.deepEqual(other.told(), [])
})

test('new ticket keys are handed out every twelve hours, with the same certificates', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const authority = await createAuthority()
  const folder = await temporaryFolder(t, {})
  let now = START
  const validity = { from: '20200101000000Z', to: '20350101000000Z' }
  const files = await publish(folder, await authority.issue(['a.example'], validity))
  const { handedOut, certs } = await startStore(t, [files], () => now)
  const before = certs()
  // What is handed out is what was read, not what is there.
  await rm(folder, { recursive: true })
  for (let hour = 1; hour <= 24; hour++) {
    now += HOUR
    t.mock.timers.tick(HOUR)
    for (let times = 0; times < 5; times++) await turn()
    assert.equal(handedOut.length, 1 + Math.floor(hour / 12))
  }
  assert.equal(new Set(handedOut.map(({ ticketKeys }) => Buffer.from(ticketKeys).toString('hex'))).size, 3)
  assert.deepEqual(certs(), before)
})
