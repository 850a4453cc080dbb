import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { isRedisUrl } from '../../src/config/redis-url.ts'

suite('the URL of a Redis', () => {
  test('has a host, and may have user, password, port and database', () => {
    const good = [
      'redis://a',
      'rediss://a:1/',
      'redis://:p@a',
      'redis://u:p%40%c3%a4@a:65535/15',
      'redis://[::1]:1/0'
    ]
    for (const url of good) assert.equal(isRedisUrl(url), true, url)
  })

  test('is understood by ioredis, whenever it is taken for one', async () => {
    const redis = new Redis('rediss://u:p%40s@a.example:6380/15', { lazyConnect: true })
    const { host, port, db, username, password, tls } = redis.options
    assert.deepEqual([host, Number(port), db, username, password], ['a.example', 6380, 15, 'u', 'p@s'])
    assert.ok(tls)
    redis.disconnect()
  })

  test('is nothing that ioredis throws at, or reads options from', () => {
    const bad = [
      'redis://',
      'redis:///1',
      'redis://a:70000',
      'redis://a/x',
      'redis://a?tls=1',
      'redis://a#1',
      'redis://%ff@a'
    ]
    for (const url of [...bad, 'a:6379', '/run/redis.sock', 'http://a', ''])
      assert.equal(isRedisUrl(url), false, url)
  })
})
