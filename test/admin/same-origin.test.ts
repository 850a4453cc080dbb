import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { foreignReason } from '../../src/admin/same-origin.ts'

suite('without tokens a request', () => {
  test('is one of this machine when its Host is', () => {
    const hosts = [
      '127.0.0.1:9090',
      '127.9.9.9',
      'localhost',
      'LOCALHOST:80',
      'localhost.:9090',
      '[::1]:9090',
      'a.localhost'
    ]
    for (const host of hosts) assert.equal(foreignReason({ host }, '127.0.0.1'), undefined, host)
  })

  test('is not when a name of somebody else’s was made to point here, however that is spelled', () => {
    const hosts = [
      'evil.test',
      '127.0.0.1.evil.test',
      'localhost.evil.test',
      'evil.test:9090',
      '2130706433',
      '0x7f.1',
      '127.1'
    ]
    const odd = [
      '',
      '0.0.0.0',
      '[::]',

      '10.0.0.1',
      'user@localhost',
      'localhost:x',
      '[localhost]',
      'localhostx'
    ]
    for (const host of [...hosts, ...odd]) {
      assert.equal(foreignReason({ host }, '127.0.0.1'), 'host_foreign', host)
    }
    assert.equal(foreignReason({}, '127.0.0.1'), 'host_foreign')
  })

  test('may name the host that is configured', () => {
    assert.equal(foreignReason({ host: '127.0.0.2:1' }, '127.0.0.2'), undefined)
  })

  test('of a page is fine when the page is its own', () => {
    const host = '127.0.0.1:9090'
    for (const origin of ['http://127.0.0.1:9090', 'https://127.0.0.1:9090']) {
      assert.equal(foreignReason({ host, origin, 'sec-fetch-site': 'same-origin' }, '127.0.0.1'), undefined)
    }
    assert.equal(foreignReason({ host, 'sec-fetch-site': 'none' }, '127.0.0.1'), undefined)
  })

  test('of any other page is refused', () => {
    const host = '127.0.0.1:9090'
    const origins = [
      'http://evil.test',
      'null',
      '',
      'http://127.0.0.1',
      'http://127.0.0.1:9091',
      'http://localhost:9090',
      'ftp://127.0.0.1:9090'
    ]
    for (const origin of origins)
      assert.equal(foreignReason({ host, origin }, '127.0.0.1'), 'origin_foreign', origin)
    for (const site of ['cross-site', 'same-site', '']) {
      assert.equal(foreignReason({ host, 'sec-fetch-site': site }, '127.0.0.1'), 'site_foreign', site)
    }
  })
})
