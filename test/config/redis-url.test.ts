import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Redis } from 'ioredis'
import { isRedisUrl, parseRedisUrl } from '../../src/config/redis-url.ts'

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
    assert.deepEqual(parseRedisUrl(good[3]!), {
      host: 'a',
      port: 65_535,
      username: 'u',
      password: 'p@ä',
      database: 15,
      isTls: false
    })
    const none = { port: undefined, username: undefined, password: undefined, database: undefined }
    assert.deepEqual(parseRedisUrl('rediss://[::1]/'), { ...none, host: '::1', isTls: true })
  })

  test('says what ioredis takes it to say', () => {
    const url = 'rediss://u:p%40s@a.example:6380/15'
    const redis = new Redis(url, { lazyConnect: true })
    const { host, port, db, username, password, tls } = redis.options
    const said = parseRedisUrl(url)
    assert.deepEqual(
      [host, Number(port), db, username, password, !!tls],
      [said.host, said.port, said.database, said.username, said.password, said.isTls]
    )
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
