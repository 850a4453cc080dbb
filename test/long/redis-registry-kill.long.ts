import { suite, test } from 'node:test'
import { killRedisWhileWriting } from '../store/killing-redis.ts'

suite('a Redis without a disk that is killed while gateways write', () => {
  test('fifty times: nothing that was acknowledged is lost, nothing that was removed comes back', (t) =>
    killRedisWhileWriting(t, 50))
})
