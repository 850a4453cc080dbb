import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRawBackend } from '../../forwarding/http1/raw-backend.ts'
import { answer, assertLine, get, startLab } from '../../helpers/lab.ts'
import { closedPort } from '../../helpers/misbehaving-backend.ts'

for (const balancing of ['round-robin', 'least-connections']) {
  test(`each backend is tried once before any is tried twice (${balancing})`, async (t) => {
    const order: number[] = []
    const backends = await Promise.all(
      [0, 1, 2].map((index) =>
        startRawBackend(t, ({ send }) => {
          order.push(index)
          send(answer(503, 'bad'))
        })
      )
    )
    const lab = await startLab(t, {
      backends: backends.map(({ url }) => url),
      group: { balancing, retry: { attempts: 7, on: [503], budgetPercent: 100 } }
    })
    for (let turn = 0; turn < 3; turn++) {
      const client = await lab.client()
      client.write(get())
      await client.untilText('bad')
      const { attempts } = await lab.nextLine()
      // Three retries are always allowed; a single request gets no more of this budget.
      assert.equal(attempts, 4)
      const seen = order.splice(0)
      assert.equal(new Set(seen.slice(0, 3)).size, 3, seen.join())
      await lab.untilIdle()
    }
  })
}

test('backends that refuse are each tried once before any is tried twice, without a budget', async (t) => {
  const order: number[] = []
  const good = await startRawBackend(t, ({ send }) => {
    order.push(1)
    send(answer(200, 'good'))
  })
  const gone = await Promise.all([closedPort(), closedPort(), closedPort(), closedPort(), closedPort()])
  const lab = await startLab(t, {
    backends: [...gone, good.url],
    group: { retry: { attempts: 6, budgetPercent: 0 } }
  })
  for (let turn = 0; turn < 6; turn++) {
    const client = await lab.client()
    client.write(get())
    await client.untilText('good')
    assertLine(await lab.nextLine(), { status: 200 })
  }
  assert.equal(order.length, 6)
})
