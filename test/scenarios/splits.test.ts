import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startBackends, type TestBackend } from '../helpers/backend.ts'
import { exchange } from '../helpers/exchange.ts'
import { type RawConfig, startGateway } from '../helpers/gateway.ts'
import { keepAliveAgent, sendMany } from '../helpers/load.ts'
import { startLab } from '../helpers/lab.ts'
import { visitors } from '../helpers/visitor.ts'

interface SplitOptions {
  readonly canary: number
  readonly affinity?: object
  readonly splitBy?: string
}

/** Two groups of two backends each behind one route; the canary's are c and d. */
function splitOf(
  [a, b, c, d]: readonly TestBackend[],
  { canary, affinity, splitBy }: SplitOptions
): RawConfig {
  const more = affinity && { affinity }
  return {
    upstreams: {
      stable: { backends: [a!.url, b!.url], ...more },
      canary: { backends: [c!.url, d!.url], ...more }
    },
    routes: [
      {
        path: '/',
        upstream: [
          { group: 'stable', weight: 100 - canary },
          { group: 'canary', weight: canary }
        ],
        ...(splitBy !== undefined && { splitBy })
      }
    ]
  }
}

function isCanary(backend: string | undefined): boolean {
  return backend === 'c' || backend === 'd'
}

for (const workers of [0, 2]) {
  suite(`a split with ${workers} workers`, () => {
    test('gives each group its share by chance', async (t) => {
      const backends = await startBackends(t, 4)
      const { url } = await startGateway(t, splitOf(backends, { canary: 10 }), { workers })
      const outcomes = await sendMany(keepAliveAgent(t), url, 400, 16)
      const canary = outcomes.filter(({ servedBy }) => isCanary(servedBy)).length
      // Six standard deviations: once in 500 million runs it is outside.
      assert.ok(Math.abs(canary - 40) <= 38, `${canary} of 400`)
    })

    test('keeps a session at its group, whatever becomes of the weights', async (t) => {
      const backends = await startBackends(t, 4)
      const affinity = { secret: 'a secret of this test' }
      const { gateway, url, write } = await startGateway(t, splitOf(backends, { canary: 50, affinity }), {
        workers
      })
      const guests = visitors(24)
      const ask = (): Promise<string[]> =>
        Promise.all(guests.map(async (guest) => (await guest.visit(url)).body))
      const homes = await ask()
      // By chance all 24 are at one group once in 8 million runs.
      assert.ok(homes.some(isCanary) && !homes.every(isCanary), homes.join(''))
      for (const canary of [50, 5, 0]) {
        await write(splitOf(backends, { canary, affinity }))
        await gateway.reload('admin')
        for (let time = 0; time < 3; time++) assert.deepEqual(await ask(), homes)
      }
      const strangers = await Promise.all(visitors(20).map((stranger) => stranger.visit(url)))
      assert.ok(!strangers.some(({ body }) => isCanary(body)))
    })

    test('by a key moves as many users as a change of the weights asks for, and nobody else', async (t) => {
      const backends = await startBackends(t, 4)
      const splitBy = 'header:x-user-id'
      const { gateway, url, write } = await startGateway(t, splitOf(backends, { canary: 5, splitBy }), {
        workers
      })
      const users = Array.from({ length: 200 }, (_, user) => `user-${user}`)
      const atCanary = async (): Promise<Set<string>> => {
        const found = new Set<string>()
        for (let first = 0; first < users.length; first += 30) {
          await Promise.all(
            users.slice(first, first + 30).map(async (user) => {
              const { status, body } = await exchange(url, { headers: { 'x-user-id': user } })
              assert.equal(status, 200)
              if (isCanary(body)) found.add(user)
            })
          )
        }
        return found
      }
      const before = await atCanary()
      await write(splitOf(backends, { canary: 20, splitBy }))
      await gateway.reload('admin')
      const after = await atCanary()
      assert.ok([...before].every((user) => after.has(user)))
      const moved = after.size - before.size
      // 15 % of 200 are asked for; which ones is always the same.
      assert.ok(moved >= 15 && moved <= 45, `${moved} moved`)
      await write(splitOf(backends, { canary: 5, splitBy }))
      await gateway.reload('admin')
      assert.deepEqual(await atCanary(), before)
    })
  })
}

test('the log names the group that was chosen', async (t) => {
  const [backend] = await startBackends(t, 1)
  const lab = await startLab(t, {
    backends: [backend!.url],
    route: { upstream: [{ group: 'lab', weight: 1 }] }
  })
  await exchange(lab.url)
  assert.equal((await lab.nextLine())['group'], 'lab')
})
