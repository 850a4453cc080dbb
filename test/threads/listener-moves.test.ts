import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { rawClient } from '../helpers/raw-client.ts'
import { startListener } from '../helpers/test-listener.ts'
import { until } from '../helpers/until.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

suite('a listener whose clients get other limits', () => {
  test('serves those that waited to be accepted', async (t) => {
    const { listener, address, port } = await startListener(t)
    const folder = await mkdtemp(join(tmpdir(), 'waiting-'))
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
    const answer = join(folder, 'answer')
    // Connects while nobody here has time to accept, and reads in the background.
    const ask = String.raw`exec 3<>/dev/tcp/127.0.0.1/${port}; printf 'GET / HTTP/1.0\r\nHost: a\r\n\r\n' >&3; cat <&3 >${answer} 2>&1 &`
    assert.equal(spawnSync('bash', ['-c', ask], { stdio: 'ignore' }).status, 0)
    await listener.listen({ ...address, limits: { ...address.limits, maxHeaders: 50 } })
    await until('it was answered', async () => {
      // The shell makes the file when it comes to it.
      const text = await readFile(answer, 'utf8').catch(() => '')
      return text.includes('fine over 1.0')
    })
  })

  test('goes on with new ones, and ends with all', async (t) => {
    const { listener, address, url } = await startListener(t)
    const before = await rawClient(t, url)
    before.write(GET)
    await before.untilText('fine')
    for (const maxHeaders of [50, 60, 70]) {
      await listener.listen({ ...address, limits: { ...address.limits, maxHeaders } })
      const client = await rawClient(t, url)
      client.write(GET)
      await client.untilText('fine')
    }
    await before.closed
    await listener.stop(5_000)
    await assert.rejects(rawClient(t, url), { code: 'ECONNREFUSED' })
  })
})

suite('a connection that is kept when its listener ends', () => {
  test('is not cut in the moment in which its next request is sent, and told that it was the last', async (t) => {
    const { listener, url } = await startListener(t)
    const client = await rawClient(t, url)
    client.write(GET)
    await client.untilText('fine')
    const stopped = listener.stop(5_000)
    await delay(20)
    client.write(GET)
    await client.closed
    assert.match(client.text().slice(1), /HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*fine/i)
    assert.equal(await stopped, 0)
  })

  for (const [what, rest] of [
    ['that does not come', ''],
    ['only an empty line comes, as some clients send it behind a request', '\r\n'],
    ['no more than its beginning comes', 'GET / HT']
  ] as const) {
    test(`is closed when ${what}`, async (t) => {
      const { listener, url } = await startListener(t)
      const client = await rawClient(t, url)
      client.write(GET)
      await client.untilText('fine')
      if (rest !== '') client.write(rest)
      const started = performance.now()
      assert.equal(await listener.stop(20_000), 0)
      assert.ok(performance.now() - started < 8_000, 'not at its deadline')
      await client.closed
    })
  }
})
