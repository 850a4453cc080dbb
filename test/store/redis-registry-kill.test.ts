import { suite, test } from 'node:test'
import { killRedisWhileWriting } from './killing-redis.ts'

suite('a Redis without a disk that is killed while gateways write', () => {
  test('five times: nothing that was acknowledged is lost, nothing that was removed comes back', (t) =>
    killRedisWhileWriting(t, 5))
})
