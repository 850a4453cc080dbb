import assert from 'node:assert/strict'
import { chmod, lstat, mkdir, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { before, suite, test, type TestContext } from 'node:test'
import { temporaryFolder } from '../config/temporary-folder.ts'
import { startBackend } from '../helpers/backend.ts'
import { type Authority, createAuthority, type IssuedCertificate } from '../helpers/certificates.ts'
import { exchange } from '../helpers/exchange.ts'
import { collectEvents, type RawConfig, startGateway } from '../helpers/gateway.ts'
import { freePorts } from '../examples/free-ports.ts'
import { fingerprintOf, secureClient } from '../helpers/secure-client.ts'
import { until } from '../helpers/until.ts'

const CHALLENGE = '/.well-known/acme-challenge'
const DOMAIN = 'localhost'

let authority: Authority
let issued: IssuedCertificate[] = []

before(async () => {
  authority = await createAuthority()
  issued = await Promise.all(Array.from({ length: 3 }, () => authority.issue([DOMAIN])))
})

/** A folder as certbot keeps one: `live/` has links into `archive/`, where each version has its own files. */
interface Certbot {
  readonly live: string
  /** Writes the next version, then lets one link after the other lead to it; each is away for a moment. */
  readonly renew: (certificate: IssuedCertificate) => Promise<void>
}

async function makeCertbot(t: TestContext, first: IssuedCertificate): Promise<Certbot> {
  const folder = await temporaryFolder(t, {})
  const [live, archive] = [join(folder, 'live', DOMAIN), join(folder, 'archive', DOMAIN)]
  await mkdir(live, { recursive: true })
  await mkdir(archive, { recursive: true })
  let version = 0
  const renew = async ({ cert, key }: IssuedCertificate): Promise<void> => {
    version++
    const texts = { cert, privkey: key, chain: authority.ca, fullchain: `${cert}${authority.ca}` }
    for (const [kind, text] of Object.entries(texts)) {
      const file = join(archive, `${kind}${version}.pem`)
      await writeFile(file, text)
      await chmod(file, kind === 'privkey' ? 0o640 : 0o644)
    }
    for (const kind of Object.keys(texts)) {
      const link = join(live, `${kind}.pem`)
      const isThere = await lstat(link).then(
        () => true,
        () => false
      )
      if (isThere) await unlink(link)
      await symlink(join('../../archive', DOMAIN, `${kind}${version}.pem`), link)
    }
  }
  await renew(first)
  return { live, renew }
}

/** As docs/certificates.md has it: a group without a health check, whose server is there for a moment only. */
function configOf(backend: string, acme: number, server: RawConfig): RawConfig {
  return {
    server,
    upstreams: {
      shop: { backends: [backend] },
      acme: { backends: [`http://127.0.0.1:${acme}`] }
    },
    routes: [
      { name: 'acme', path: CHALLENGE, methods: ['GET'], upstream: 'acme' },
      { name: 'shop', path: '/', upstream: 'shop' }
    ]
  }
}

/** Answers a challenge as `certbot --standalone` does: for as long as it takes, and not a moment longer. */
async function standalone(port: number, ask: () => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    const token = request.url?.split('/').at(-1) ?? ''
    response.end(`${token}.thumbprint-of-the-account`)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  try {
    await ask()
  } finally {
    server.closeAllConnections()
    await once(server.close(), 'close')
  }
}

suite('certificates from an ACME client', () => {
  test('a renewal by certbot is in force by itself, and no connection ends for it', async (t) => {
    const backend = await startBackend(t, 'a')
    const { live, renew } = await makeCertbot(t, issued[0]!)
    const [cert, key] = [join(live, 'fullchain.pem'), join(live, 'privkey.pem')]
    const server = { tls: { certificates: [{ cert, key }] } }
    const { gateway, url } = await startGateway(t, configOf(backend.url, 9, server), { workers: 2 })
    const events = collectEvents(gateway, 'certificate')
    const connect = () => secureClient(t, url, { ca: authority.ca, servername: DOMAIN })
    const old = await connect()
    for (const next of issued.slice(1)) {
      await renew(next)
      await until('it is shown', async () => (await connect()).fingerprint === fingerprintOf(next.cert))
      assert.match(await old.get(), /^HTTP\/1\.1 200 /)
    }
    assert.equal(old.fingerprint, fingerprintOf(issued[0]!.cert))
    assert.deepEqual(
      events.map(({ state }) => state),
      ['renewed', 'renewed'],
      'links that are away for a moment are no news'
    )
    assert.equal(gateway.readiness.generation, 1)
  })

  test('a first certificate is had over plain HTTP, and TLS begins by a reload', async (t) => {
    const backend = await startBackend(t, 'a')
    const [plain = 0, secure = 0, acme = 0] = await freePorts(3)
    const front = await startGateway(t, configOf(backend.url, acme, { port: plain }))
    const ask = () => exchange(`http://127.0.0.1:${plain}${CHALLENGE}/first`)
    assert.equal((await ask()).status, 502, 'nobody answers yet')
    await standalone(acme, async () => {
      assert.equal((await ask()).body, 'first.thumbprint-of-the-account')
    })
    const { live } = await makeCertbot(t, issued[0]!)
    const certificates = [{ cert: join(live, 'fullchain.pem'), key: join(live, 'privkey.pem') }]
    const tls = { port: secure, tls: { certificates }, redirect: { port: plain } }
    await front.write(configOf(backend.url, acme, tls))
    // The watch may have been first.
    assert.notEqual((await front.gateway.reload('admin')).outcome, 'failed')

    // Later ones go by way of the redirect, which authorities follow, whatever certificate they find there.
    await standalone(acme, async () => {
      const { status, headers } = await exchange(`http://127.0.0.1:${plain}${CHALLENGE}/second`)
      assert.deepEqual([status, headers.location], [308, `https://127.0.0.1:${secure}${CHALLENGE}/second`])
      const client = await secureClient(t, front.gateway.url, { rejectUnauthorized: false })
      assert.match(await client.get(`${CHALLENGE}/second`), /^HTTP\/1\.1 200 /)
    })
  })
})
