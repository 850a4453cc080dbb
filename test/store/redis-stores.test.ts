import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { RedisStores } from '../../src/store/redis-stores.ts'
import { collectLog } from '../helpers/log-lines.ts'
import { startRedis } from '../helpers/redis-server.ts'
import { until } from '../helpers/until.ts'

suite('the connections of a thread', () => {
  test('are one per Redis, for as long as a generation uses it', async (t) => {
    const redis = await startRedis(t)
    const connections = async (): Promise<number> =>
      String(await redis.client.client('LIST')).split('name=xecureapi ').length - 1
    const stores = new RedisStores(collectLog().log)
    const first = stores.use(redis)
    const second = stores.use(redis)
    assert.equal(first.limits, second.limits)
    await until('it is connected', async () => (await connections()) === 1)
    first.release()
    const third = stores.use(redis)
    assert.equal(third.limits, first.limits)
    second.release()
    third.release()
    await until('it is gone', async () => (await connections()) === 0)
    const fresh = stores.use(redis)
    assert.notEqual(fresh.limits, first.limits)
    fresh.release()
  })
})
