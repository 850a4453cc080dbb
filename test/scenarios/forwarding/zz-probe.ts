import { test } from 'node:test'
import { startWire, OK } from './wire.ts'
const q = JSON.stringify
test('probe', async (t) => {
  const w = await startWire(t, { routes: [{ path: '/' }, { path: '/api', rewrite: '/svc' }] })
  const say = async (what: string, bytes: string, answer?: any) => {
    const r = await Promise.race([w.exchange(bytes, answer), new Promise<any>((res) => setTimeout(res, 1500, { received: 'HANG', answer: 'HANG' }))])
    console.log(`## ${what}\n  -> ${q(r.received)}\n  <- ${q(r.answer.replace(/\r\n\r\n\{.*\}/, (m: string) => '|' + JSON.parse(m).detail))}`)
  }
  const H = 'Host: a\r\nX-Request-Id: t\r\nConnection: close\r\n'
  for (const m of ['PROPFIND', 'QUERY', 'M-SEARCH', 'TRACE', 'BREW', 'get', 'PRI', 'ACL'])
    await say(m, `${m} /x HTTP/1.1\r\n${H}\r\n`)
  await say('CONNECT', `CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n`)
  await say('CONNECT path', `CONNECT /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  for (const target of ['/a%FFb', '/a%2Fb', '/a;b=1', '//a//b', '/a?', '/a?x=1&x=2&&', '/a+b?c+d', '/"<>^`{|}\\', '/caf\xe9', '/a?b#c', '/%', '/%zz', '/a?x=../..', '/api/%FF//;?a', '/api//x', '/api', '/api/', '/api?', '/*', '/a?\xff', '/a:b', '/...', '/a/..b'])
    await say(target, `GET ${target} HTTP/1.1\r\n${H}\r\n`)
  for (const target of ['/..', '/.', '/a/../b', '/a/./b', '/a/%2e%2e/b', '/a/.%2E', '/a%2f..%2fb', '/a\\..\\b', '/a%5c..', '/a/..;x/b', '/a/%2e;x', '/a/..%3bx', '/a%2f%2e%2e', '/%252e%252e/', '/a/..?x', '/a/%2e%2e%2fb', '/a/..%00', '/a/.%09', '/a/%c0%ae%c0%ae/'])
    await say('dots ' + target, `GET ${target} HTTP/1.1\r\n${H}\r\n`)
  for (const target of ['http://b.example/x?y', 'HTTP://b.example', 'http://b.example?x', 'https://b.example/x', 'http://u@b/x', 'ftp://b/x', 'http:///x', 'x', '*', 'b:80', 'http://b.example/../x', 'http://b.example#x'])
    await say('abs ' + target, `GET ${target} HTTP/1.1\r\n${H}\r\n`)
  await say('OPTIONS *', `OPTIONS * HTTP/1.1\r\n${H}\r\n`)
})
