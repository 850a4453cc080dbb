import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answering, startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, get, message, startLab } from '../../helpers/lab.ts'

describe('Retry-After', { concurrency: 4 }, () => {
  test('the Retry-After of the only backend is honoured', async (t) => {
    let requests = 0
    const backend = await startRawBackend(t, ({ send }) =>
      send(++requests === 1 ? answer(503, 'bad', 'Retry-After: 1') : answer(200, 'good'))
    )
    const lab = await startLab(t, { backends: [backend.url], group: { retry: { on: [503] } } })
    const client = await lab.client()
    const start = performance.now()
    client.write(get())
    await client.untilText('good')
    assert.ok(performance.now() - start >= 990)
    assertLine(await lab.nextLine(), { status: 200, attempts: 2 })
  })

  for (const [form, retryAfter] of [
    ['seconds', '1'],
    ['a date', new Date(Date.now() + 600_000).toUTCString()]
  ] as const) {
    test(`a Retry-After beyond the deadline is not waited for: the response is passed on (${form})`, async (t) => {
      const backend = await answering(t, answer(503, 'bad', `Retry-After: ${retryAfter}`))
      const lab = await startLab(t, {
        backends: [backend.url],
        group: { retry: { on: [503] }, timeouts: { total: '500ms' } }
      })
      const client = await lab.client()
      client.write(get())
      await client.untilText('bad')
      assert.match(client.text(), /^HTTP\/1\.1 503 /)
      assertLine(await lab.nextLine(), { status: 503, attempts: 1 })
    })
  }

  test('the wait is no silence of the upload that it interrupts', async (t) => {
    let requests = 0
    const backend = await startRawBackend(t, ({ send }) => {
      if (++requests === 1) send(answer(503, 'bad', 'Retry-After: 1'))
    })
    const lab = await startLab(t, {
      backends: [backend.url],
      group: { retry: { on: [503] }, timeouts: { idle: '400ms' } }
    })
    const client = await lab.client()
    client.write(message('PUT', '/', ['Content-Length: 8'], 'some'))
    const second = await backend.connection(1)
    client.write('more')
    await second.untilReceived('somemore')
    second.send(answer(200, 'good'))
    await client.untilText('good')
    assertLine(await lab.nextLine(), { status: 200, attempts: 2 })
  })

  test('nobody waits for one backend while another is there', async (t) => {
    const [bad, good] = [
      await answering(t, answer(503, 'bad', 'Retry-After: 20')),
      await answering(t, answer(200, 'good'))
    ]
    const lab = await startLab(t, { backends: [bad.url, good.url], group: { retry: { on: [503] } } })
    for (let turn = 0; turn < 2; turn++) {
      const client = await lab.client()
      client.write(get())
      await client.untilText('good')
    }
  })

  test('a Retry-After of any size does no harm', async (t) => {
    for (const value of ['99999999999999999999', '-1', 'soon', '']) {
      let requests = 0
      const backend = await startRawBackend(t, ({ send }) =>
        send(++requests === 1 ? answer(503, 'bad', `Retry-After: ${value}`) : answer(200, 'good'))
      )
      const lab = await startLab(t, {
        backends: [backend.url],
        group: { retry: { on: [503] }, timeouts: { response: '0s' } }
      })
      const client = await lab.client()
      client.write(get())
      await client.untilText(value.startsWith('9') ? 'bad' : 'good')
    }
  })
})
