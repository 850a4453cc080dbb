import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pino } from 'pino'
import type { CertificateConfig } from '../../src/config/types.ts'
import { type CertificateEvent, EventLog, type GatewayEvent } from '../../src/telemetry/events.ts'
import type { TlsMaterial } from '../../src/threads/messages.ts'
import { CertificateStore } from '../../src/tls/certificate-store.ts'
import type { IssuedCertificate } from '../helpers/certificates.ts'

/** A store of a test with what it has handed out and told. */
export interface TestStore {
  readonly store: CertificateStore
  /** What it handed out, oldest first. */
  readonly handedOut: TlsMaterial[]
  readonly events: (CertificateEvent & GatewayEvent)[]
  /** Certificates that were handed out last. */
  readonly certs: () => string[]
  /** States and paths of the events so far, and their reasons. */
  readonly told: () => string[]
}

/** Starts a store that stops with the test. */
export async function startStore(
  t: TestContext,
  certificates: readonly CertificateConfig[],
  now: () => number = Date.now
): Promise<TestStore> {
  const handedOut: TlsMaterial[] = []
  const events: (CertificateEvent & GatewayEvent)[] = []
  const log = new EventLog(now)
  log.on('event', (event) => {
    if (event.type === 'certificate') events.push(event)
  })
  let turn: Promise<unknown> = Promise.resolve()
  const store = new CertificateStore({
    log: pino({ level: 'silent' }),
    events: log,
    secure: async (material) => void handedOut.push(material),
    inTurn: (work) => {
      const result = turn.then(work)
      turn = result.catch(() => {})
      return result
    },
    now
  })
  t.after(() => store.stop())
  await store.start(certificates)
  return {
    store,
    handedOut,
    events,
    certs: () => handedOut.at(-1)?.certificates.map(({ cert }) => cert) ?? [],
    told: () => events.map(({ state, path, reason }) => [state, path, ...(reason ? [reason] : [])].join(' '))
  }
}

/** Where {@link publish} writes. */
export function filesIn(folder: string, name = 'tls'): { cert: string; key: string } {
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
}

/** Writes a certificate and its key in place. */
export async function publish(
  folder: string,
  { cert, key }: IssuedCertificate,
  name = 'tls'
): Promise<{ cert: string; key: string }> {
  const files = filesIn(folder, name)
  await writeFile(files.cert, cert)
  await writeFile(files.key, key)
  return files
}
