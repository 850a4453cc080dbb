import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { GatewayConfig, UpstreamTlsConfig } from '../../src/config/types.ts'
import { CertificateError } from '../../src/tls/certificate.ts'
import { loadUpstreamTls, readUpstreamTls, tlsSettings } from '../../src/tls/upstream-tls.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'

let folder: string
let authority: Authority
let own: IssuedCertificate
let other: IssuedCertificate

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'upstream-tls-'))
  authority = await createAuthority()
  own = await authority.issue(['gateway.test'])
  other = await authority.issue(['other.test'])
})

after(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

async function errorOf(tls: UpstreamTlsConfig): Promise<string> {
  const { findings } = await readUpstreamTls(new Map([['orders', tls]]))
  assert.equal(findings.length, 1)
  return `${findings[0]!.path.join('.')}: ${findings[0]!.message}`
}

test('files are read, text is taken as it is', async () => {
  const ca = await file('ca.pem', authority.ca)
  const cert = await file('cert.pem', own.cert)
  const tls = { verify: true, ca, cert, key: own.key, servername: 'orders.test' }
  const { groups, findings } = await readUpstreamTls(new Map([['orders', tls]]))
  assert.deepEqual(findings, [])
  const expected = { ...tls, ca: authority.ca, cert: own.cert }
  assert.deepEqual(groups.get('orders'), expected)
  assert.deepEqual(await readUpstreamTls(groups), { groups, findings: [] })
})

test('a bundle of authorities is one value', async () => {
  const second = await createAuthority('another')
  const ca = `# the first\n${authority.ca}\n# the second\n${second.ca}`
  assert.deepEqual(
    (await readUpstreamTls(new Map([['a', { verify: true, ca: await file('b.pem', ca) }]]))).findings,
    []
  )
})

test('a configuration gets the text in place of the names', async () => {
  const ca = await file('ca.pem', authority.ca)
  const plain = { name: 'plain' }
  const config = { upstreams: [{ name: 'orders', tls: { verify: true, ca } }, plain] }
  const loaded = await loadUpstreamTls(config as unknown as GatewayConfig)
  assert.deepEqual(loaded.upstreams, [{ name: 'orders', tls: { verify: true, ca: authority.ca } }, plain])
  await assert.rejects(
    loadUpstreamTls({
      upstreams: [{ name: 'a', tls: { verify: true, ca: '/nowhere.pem' } }]
    } as unknown as GatewayConfig),
    (error) => error instanceof CertificateError && error.path === 'upstreams.a.tls.ca'
  )
})

test('what can not be used is told with its place and what was expected', async () => {
  const broken = authority.ca.replace('\nMI', '\nQQ')
  assert.equal(
    await errorOf({ verify: true, ca: join(folder, 'none.pem') }),
    'upstreams.orders.tls.ca: expected a readable PEM file, got ENOENT'
  )
  for (const text of ['hello', '', own.key, `${authority.ca}\n${broken}`]) {
    const ca = await file('bad.pem', text)
    assert.equal(await errorOf({ verify: true, ca }), 'upstreams.orders.tls.ca: expected certificates in PEM')
  }
  assert.equal(
    await errorOf({ verify: true, cert: own.key, key: own.key }),
    'upstreams.orders.tls.cert: expected certificates in PEM'
  )
  assert.equal(
    await errorOf({ verify: true, cert: own.cert, key: own.cert }),
    'upstreams.orders.tls.key: expected a private key in PEM, without a passphrase'
  )
  assert.equal(
    await errorOf({ verify: true, cert: own.cert, key: other.key }),
    'upstreams.orders.tls.key: expected the key of the certificate beside it, got that of another'
  )
})

test('all groups are told of at once', async () => {
  const bad = { verify: true, ca: '/nowhere.pem' }
  const { groups, findings } = await readUpstreamTls(
    new Map<string, UpstreamTlsConfig>([
      ['a', bad],
      ['b', bad],
      ['c', { verify: false }]
    ])
  )
  assert.deepEqual(
    findings.map(({ path }) => path[1]),
    ['a', 'b']
  )
  assert.deepEqual([...groups], [['c', { verify: false }]])
})

test('a connection is verified unless the group says otherwise', () => {
  assert.equal(tlsSettings(undefined), undefined)
  const tls = { verify: false, ca: 'ca', servername: 'a.test' }
  assert.deepEqual(tlsSettings(tls), { rejectUnauthorized: false, ca: 'ca', servername: 'a.test' })
  assert.equal(tlsSettings(tls), tlsSettings(tls))
})
