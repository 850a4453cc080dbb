import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import { type SecureContext, createSecureContext } from 'node:tls'
import { ServerContexts } from '../../src/threads/server-contexts.ts'
import { createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { tlsMaterial } from '../helpers/test-listener.ts'

let issued: Record<'first' | 'exact' | 'wild' | 'late', IssuedCertificate>

before(async () => {
  const authority = await createAuthority()
  const names = ['first', 'exact', 'wild', 'late']
  const all = await Promise.all(names.map((name) => authority.issue([name])))
  issued = Object.fromEntries(names.map((name, index) => [name, all[index]!])) as typeof issued
})

function contexts(): ServerContexts {
  return new ServerContexts(
    tlsMaterial([
      { ...issued.first, hosts: ['first.example'] },
      { ...issued.wild, hosts: ['*.example.com', '*.a.example.com'] },
      { ...issued.exact, hosts: ['www.example.com', 'xn--bcher-kva.example'] },
      { ...issued.late, hosts: ['www.example.com', 'late.example'] }
    ])
  )
}

function nameOf(context: SecureContext | undefined): string | undefined {
  const { context: native } = (context ?? {}) as { context?: { getCertificate(): Buffer } }
  return native && new X509Certificate(native.getCertificate()).subject.replace('CN=', '')
}

const CHOICES: readonly (readonly [asked: string, got: string | undefined])[] = [
  ['first.example', 'first'],
  ['www.example.com', 'exact'],
  ['WWW.Example.COM', 'exact'],
  ['late.example', 'late'],
  ['xn--bcher-kva.example', 'exact'],
  ['shop.example.com', 'wild'],
  ['b.a.example.com', 'wild'],
  ['c.b.example.com', undefined],
  ['example.com', undefined],
  ['.example.com', undefined],
  ['*.example.com', 'wild'],
  ['other.test', undefined],
  ['localhost', undefined]
]

for (const [asked, got] of CHOICES) {
  test(`${asked} gets ${got ?? 'the first one'}`, () => {
    assert.equal(nameOf(contexts().of(asked)), got)
  })
}

test('who gets none gets the first', () => {
  const { cert, key } = contexts().fallback
  assert.deepEqual({ cert, key }, issued.first)
})

test('a key of another certificate is refused', () => {
  const material = tlsMaterial([{ cert: issued.first.cert, key: issued.late.key }])
  assert.throws(() => new ServerContexts(material), { code: 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' })
})

test('a certificate that is none is refused, the second one as well', () => {
  const material = tlsMaterial([issued.first, { cert: 'none', key: issued.late.key }])
  assert.throws(() => new ServerContexts(material), /PEM/)
})

test('none at all is refused', () => {
  assert.throws(() => new ServerContexts(tlsMaterial([])), /TLS needs a certificate/)
})

test('ticket keys of another length are refused', () => {
  const material = { ...tlsMaterial([issued.first]), ticketKeys: Buffer.alloc(16) }
  assert.throws(() => new ServerContexts(material), { code: 'ERR_INVALID_ARG_VALUE' })
})

test('versions before 1.2 are not spoken', () => {
  assert.equal(contexts().fallback.minVersion, 'TLSv1.2')
  assert.ok(createSecureContext(contexts().fallback))
})
