import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { RawAnswer } from '../../src/threads/client-errors.ts'
import { OWN_LIMITS } from '../../src/threads/client-limits.ts'
import { PLAIN, type Redirect } from '../../src/threads/messages.ts'
import { RedirectListener } from '../../src/threads/redirect-listener.ts'
import { reservePort } from '../../src/threads/reserve-port.ts'
import { exchange } from '../helpers/exchange.ts'
import { rawClient } from '../helpers/raw-client.ts'

interface TestRedirect {
  readonly url: string
  readonly listener: RedirectListener
  readonly answers: RawAnswer[]
  /** Sends bytes on a connection of their own, and reads until it ends. */
  readonly send: (bytes: string) => Promise<string>
}

function redirectTo(port: number, httpsPort: number): Redirect {
  const address = { host: '127.0.0.1', port, reusePort: false, transport: PLAIN, limits: OWN_LIMITS }
  return { address, httpsPort }
}

async function startRedirect(t: TestContext, httpsPort = 443): Promise<TestRedirect> {
  const answers: RawAnswer[] = []
  const listener = new RedirectListener((answer) => answers.push(answer))
  const port = await reservePort('127.0.0.1', 0)
  await listener.listen(redirectTo(port, httpsPort))
  t.after(() => listener.stop(0))
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    listener,
    answers,
    send: async (bytes) => {
      const client = await rawClient(t, url)
      client.write(bytes)
      await client.closed
      return client.text()
    }
  }
}

function locationOf(response: string): string | undefined {
  return /^Location: (.*)\r$/m.exec(response)?.[1]
}

/** Expects a problem document on a connection that ends. */
function assertProblem(response: string, status: number): void {
  const [head = '', body = ''] = response.split('\r\n\r\n', 2)
  assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `))
  assert.match(head, /^Content-Type: application\/problem\+json\r?$/m)
  assert.match(head, /^Connection: close\r?$/m)
  assert.equal(locationOf(response), undefined)
  const { status: told, requestId } = JSON.parse(body) as { status: number; requestId: string }
  assert.equal(told, status)
  assert.ok(head.includes(`\r\nX-Request-Id: ${requestId}`), head)
}

suite('a request is sent to HTTPS', () => {
  test('with the same host and the same target, byte for byte, and the connection ends', async (t) => {
    const { send, answers } = await startRedirect(t)
    for (const target of [
      '/',
      '/a/b?c=d&e=%20%2F..%00',
      '/%7Euser/../x//y;z?a=?b',
      '//evil.example/a',
      '/\\evil.example?q="\'<>{}|^`',
      `/${'a'.repeat(8_000)}`
    ]) {
      const response = await send(`GET ${target} HTTP/1.1\r\nHost: Shop.Example.com\r\n\r\n`)
      assert.match(response, /^HTTP\/1\.1 308 Permanent Redirect\r\n/)
      assert.equal(locationOf(response), `https://Shop.Example.com${target}`)
      assert.match(response, /\r\nConnection: close\r\n/)
      assert.match(response, /\r\nContent-Length: 0\r\n/)
      assert.match(response, /\r\n\r\n$/)
      assert.doesNotMatch(response, /strict-transport-security/i)
    }
    assert.deepEqual(
      [...new Set(answers.map(({ status, reason }) => `${status} ${reason}`))],
      ['308 redirect']
    )
  })

  test('at the public port, unless that is the usual one, whatever port the client names', async (t) => {
    const usual = await startRedirect(t, 443)
    const other = await startRedirect(t, 8443)
    for (const [host, name] of [
      ['a.example:8081', 'a.example'],
      ['a.example:', 'a.example'],
      ['a.example.:80', 'a.example.'],
      ['10.0.0.1:1', '10.0.0.1'],
      ['[2001:DB8::1]:8081', '[2001:DB8::1]'],
      ['[::1]', '[::1]']
    ]) {
      const bytes = `GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`
      assert.equal(locationOf(await usual.send(bytes)), `https://${name}/x`)
      assert.equal(locationOf(await other.send(bytes)), `https://${name}:8443/x`)
    }
  })

  test('in absolute form to the host that it names, whatever Host says', async (t) => {
    const { send } = await startRedirect(t, 8443)
    for (const [target, location] of [
      ['http://a.example/b?c', 'https://a.example:8443/b?c'],
      ['HTTP://a.example:81', 'https://a.example:8443/'],
      ['http://a.example?c', 'https://a.example:8443/?c']
    ])
      assert.equal(locationOf(await send(`GET ${target} HTTP/1.1\r\nHost: b.example\r\n\r\n`)), location)
  })

  test('whatever its method, and a body is not waited for', async (t) => {
    const { send, url } = await startRedirect(t)
    for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const response = await send(`${method} /x HTTP/1.1\r\nHost: a.example\r\n\r\n`)
      assert.match(response, /^HTTP\/1\.1 308 /)
    }
    const framings = ['Content-Length: 1000000', 'Transfer-Encoding: chunked']
    for (const framing of [...framings, `${framings[0]}\r\nExpect: 100-continue`]) {
      const client = await rawClient(t, url)
      client.write(`POST /x HTTP/1.1\r\nHost: a.example\r\n${framing}\r\n\r\n`)
      await client.untilText('\r\n\r\n')
      assert.match(client.text(), /^HTTP\/1\.1 308 /)
      assert.equal(locationOf(client.text()), 'https://a.example/x')
      client.socket.destroy()
    }
  })

  test('also when the upload goes on for a while: no reset takes the answer from its client', async (t) => {
    const { url } = await startRedirect(t)
    const { status, headers } = await exchange(`${url}/x`, {
      method: 'POST',
      headers: { host: 'a.example' },
      body: 'x'.repeat(4 * 1024 * 1024)
    })
    assert.deepEqual([status, headers.location], [308, 'https://a.example/x'])
  })

  test('also one that asks for another protocol or speaks HTTP/1.0', async (t) => {
    const { send } = await startRedirect(t)
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket'
    assert.match(await send(`GET /x HTTP/1.1\r\nHost: a.example\r\n${upgrade}\r\n\r\n`), /^HTTP\/1\.1 308 /)
    assert.match(await send('GET /x HTTP/1.0\r\nHost: a.example\r\n\r\n'), /^HTTP\/1\.1 308 /)
  })

  test('with the request id of the client, or one of its own', async (t) => {
    const { send, answers } = await startRedirect(t)
    const own = await send('GET / HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: mine-1\r\n\r\n')
    assert.match(own, /\r\nX-Request-Id: mine-1\r\n/)
    const odd = await send('GET / HTTP/1.1\r\nHost: a.example\r\nX-Request-Id: a b\r\n\r\n')
    const [, id] = /\r\nX-Request-Id: ([\w.-]+)\r\n/.exec(odd) ?? []
    assert.deepEqual(
      answers.map(({ requestId, remoteAddress }) => [requestId, remoteAddress]),
      [
        ['mine-1', '127.0.0.1'],
        [id, '127.0.0.1']
      ]
    )
  })

  test('once per connection: what is pipelined behind it gets no answer', async (t) => {
    const { send, answers } = await startRedirect(t)
    const request = 'GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n'
    for (const behind of [request, 'garbage\r\n\r\n', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n']) {
      answers.length = 0
      const response = await send(`${request}${behind}`)
      assert.equal(response.split('HTTP/1.1 ').length, 2, response)
      assert.equal(answers.length, 1)
    }
  })
})

suite('a request that could go anywhere is refused', () => {
  test('without a Host, with two, or with one that is none', async (t) => {
    const { send } = await startRedirect(t)
    for (const fields of [
      '',
      'Host: a.example\r\nHost: b.example\r\n',
      'Host: a.example\r\nhost: a.example\r\n',
      'Host:\r\n',
      'Host: a.example/b\r\n',
      'Host: a.example, b.example:1/\r\n',
      'Host: user@a.example\r\n',
      'Host: a.example:80:80\r\n',
      'Host: a.example:x\r\n',
      'Host: a b\r\n',
      'Host: a\\b\r\n',
      'Host: [::1\r\n',
      'Host: caf\xe9.example\r\n'
    ])
      assertProblem(await send(`GET /x HTTP/1.1\r\n${fields}\r\n`), 400)
    assertProblem(await send('GET /x HTTP/1.0\r\n\r\n'), 400)
  })

  test('with a target that is no path', async (t) => {
    const { send } = await startRedirect(t)
    for (const line of [
      'OPTIONS *',
      'OPTIONS http://a.example',
      'GET *',
      'CONNECT a.example:443',
      'GET ftp://a.example/',
      'GET http://user@a.example/',
      'GET http:///x',
      'GET a.example/x',
      'GET /x#y'
    ])
      assertProblem(await send(`${line} HTTP/1.1\r\nHost: a.example\r\n\r\n`), 400)
  })

  test('with a head that is no HTTP, too large, or framed in two ways', async (t) => {
    const { send, answers } = await startRedirect(t)
    assertProblem(await send('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'), 400)
    assertProblem(await send('PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'), 400)
    assertProblem(await send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), 431)
    assertProblem(await send(`GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(120)}\r\n`), 431)
    const twice = 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'
    assertProblem(await send(`POST / HTTP/1.1\r\nHost: a\r\n${twice}\r\n`), 400)
    assert.equal(answers.length, 5)
    for (const { reason } of answers) assert.match(reason, /^[a-z0-9_]+$/)
  })

  test('one of an unknown method is beyond us', async (t) => {
    const { send } = await startRedirect(t)
    assertProblem(await send('BREW / HTTP/1.1\r\nHost: a.example\r\n\r\n'), 501)
  })
})

suite('the listener', () => {
  test('cuts off a client that does not say what it wants', async (t) => {
    const { url } = await startRedirect(t)
    const client = await rawClient(t, url)
    client.write('GET / HTTP/1.1\r\nHost: a.exam')
    await client.closed
    assertProblem(client.text(), 408)
  })

  test('moves, follows the public port, ends and comes back', async (t) => {
    const { url, listener } = await startRedirect(t)
    const location = async (at: string): Promise<string | undefined> =>
      (await exchange(`${at}/x`, { headers: { host: 'a.example' } })).headers.location
    const port = Number(new URL(url).port)
    const client = await rawClient(t, url)
    client.write('GET /x HTTP/1.1\r\n')
    await listener.listen(redirectTo(port, 8443))
    assert.equal(await location(url), 'https://a.example:8443/x')
    client.write('Host: a.example\r\n\r\n')
    await client.closed
    assert.equal(locationOf(client.text()), 'https://a.example:8443/x', 'its connection was left alone')

    const next = await reservePort('127.0.0.1', 0)
    await listener.listen(redirectTo(next, 443))
    assert.equal(await location(`http://127.0.0.1:${next}`), 'https://a.example/x')
    await assert.rejects(location(url), { code: 'ECONNREFUSED' })
    await listener.listen(undefined)
    await assert.rejects(location(`http://127.0.0.1:${next}`), { code: 'ECONNREFUSED' })
    await listener.listen(redirectTo(port, 443))
    assert.equal(await location(url), 'https://a.example/x')
  })

  test('that cannot listen says so, and can listen elsewhere', async (t) => {
    const taken = await startRedirect(t)
    const { listener, url, send } = await startRedirect(t)
    await assert.rejects(listener.listen(redirectTo(Number(new URL(taken.url).port), 443)), {
      code: 'EADDRINUSE'
    })
    await listener.listen(redirectTo(Number(new URL(url).port), 443))
    assert.match(await send('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 308 /)
  })

  test('stops without waiting for those that have sent nothing, nor long for others', async (t) => {
    const { listener, url } = await startRedirect(t)
    const [silent, slow] = [await rawClient(t, url), await rawClient(t, url)]
    slow.write('GET / HTTP')
    const stopped = listener.stop(60_000)
    await Promise.all([silent.closed, slow.closed, stopped])
    await assert.rejects(exchange(url), { code: 'ECONNREFUSED' })
    await listener.stop(0)
  })
})
