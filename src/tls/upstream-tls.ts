import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Finding } from '../config/issue.ts'
import type { Path } from '../config/path.ts'
import type { GatewayConfig, UpstreamTlsConfig } from '../config/types.ts'
import type { TlsSettings } from '../forwarding/http1/dial.ts'
import { CertificateError, parseKey, readPem } from './certificate.ts'

/** `tls` of groups, by their names. */
export type UpstreamTlsByGroup = ReadonlyMap<string, UpstreamTlsConfig>

/** The same with all files read, as far as they can be used. */
export interface ReadUpstreamTls {
  readonly groups: UpstreamTlsByGroup
  /** What keeps the configuration from being served. */
  readonly findings: readonly Finding[]
}

/**
 * Reads the PEM files that groups name for TLS to their backends, and checks that they can be used. From then on the
 * configuration holds their text: the threads need no files, and a file that has changed makes another configuration,
 * which the next reload takes.
 */
export async function readUpstreamTls(groups: UpstreamTlsByGroup): Promise<ReadUpstreamTls> {
  const findings: Finding[] = []
  const read = [...groups].map(async ([name, tls]) => {
    try {
      return [[name, await readGroup(name, tls)] as const]
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error
      findings.push(error.finding)
      return []
    }
  })
  return { groups: new Map((await Promise.all(read)).flat()), findings }
}

/**
 * A configuration with the PEM of its groups in place of the files' names; one that was read already stays as it is.
 *
 * @throws {CertificateError} Of the first that can't be used.
 */
export async function loadUpstreamTls<Config extends Pick<GatewayConfig, 'upstreams'>>(
  config: Config
): Promise<Config> {
  const upstreams = config.upstreams.map(async (group) =>
    group.tls ? { ...group, tls: await readGroup(group.name, group.tls) } : group
  )
  return { ...config, upstreams: await Promise.all(upstreams) }
}

/** What a group's `tls`, its files read, means to a connection; undefined = the usual authorities. */
export function tlsSettings(tls: UpstreamTlsConfig | undefined): TlsSettings | undefined {
  if (!tls) return undefined
  const { verify, ...texts } = tls
  let settings = settingsOf.get(tls)
  if (!settings) settingsOf.set(tls, (settings = { rejectUnauthorized: verify, ...texts }))
  return settings
}

/** The same object for the same group, so that what is parsed of it is found again. */
const settingsOf = new WeakMap<UpstreamTlsConfig, TlsSettings>()

async function readGroup(name: string, tls: UpstreamTlsConfig): Promise<UpstreamTlsConfig> {
  const place = ['upstreams', name, 'tls']
  const read = async (key: 'ca' | 'cert' | 'key'): Promise<Record<string, string>> => {
    const source = tls[key]
    return source === undefined ? {} : { [key]: await readPem(source, [...place, key]) }
  }
  const text: UpstreamTlsConfig = Object.assign(
    {},
    tls,
    ...(await Promise.all([read('ca'), read('cert'), read('key')]))
  )
  check(text, place)
  return text
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^]+?-----END (?:TRUSTED )?CERTIFICATE-----/g

function check({ ca, cert, key }: UpstreamTlsConfig, place: Path): void {
  if (ca !== undefined) parseCertificates(ca, [...place, 'ca'])
  if (cert !== undefined && key !== undefined) checkPair(cert, key, place)
  try {
    createSecureContext({ ca, cert, key })
  } catch (error) {
    const { reason = 'an error' } = error as { reason?: string }
    const expected = `expected certificates and a key that the TLS library takes, got "${reason}"`
    throw new CertificateError('not_a_certificate', place, expected)
  }
}

function checkPair(cert: string, key: string, place: Path): void {
  const [leaf] = parseCertificates(cert, [...place, 'cert'])
  const keyPlace = [...place, 'key']
  if (!leaf!.checkPrivateKey(parseKey(key, keyPlace))) {
    const expected = 'expected the key of the certificate beside it, got that of another'
    throw new CertificateError('key_mismatch', keyPlace, expected)
  }
}

/** At least one; OpenSSL would pass over what it can't read. */
function parseCertificates(pem: string, place: Path): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? []
  try {
    if (blocks.length === 0) throw new TypeError('no certificate')
    return blocks.map((block) => new X509Certificate(block))
  } catch {
    throw new CertificateError('not_a_certificate', place, 'expected certificates in PEM')
  }
}
