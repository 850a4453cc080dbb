import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Finding } from '../config/issue.ts'
import { formatPath, type Path } from '../config/path.ts'
import type { CertificateConfig } from '../config/types.ts'
import { dnsNames } from './subject-alternative-names.ts'

/** Why a certificate can't serve. */
export type CertificateReason =
  | 'unreadable'
  | 'not_a_certificate'
  | 'not_a_key'
  | 'key_mismatch'
  | 'expired'
  | 'not_yet_valid'
  | 'hosts_mismatch'

/** A certificate that can't serve, with the place of the configuration that is to blame. */
export class CertificateError extends Error {
  readonly reason: CertificateReason
  /** As {@link formatPath} writes it: `server.tls.certificates[0].cert`. */
  readonly path: string
  /** The same for the configuration's own list of errors. Never holds anything of the key. */
  readonly finding: Finding

  constructor(reason: CertificateReason, place: Path, expected: string) {
    const path = formatPath(place)
    super(`${path}: ${expected}`)
    this.name = 'CertificateError'
    this.reason = reason
    this.path = path
    this.finding = { path: place, message: expected }
  }
}

/** A certificate that can serve. */
export interface Certificate {
  /** PEM, the leaf first. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  /** Lower case, `*.example.com` for one label; empty for one that only names addresses. */
  readonly hosts: readonly string[]
  /** When it ends, in milliseconds since the epoch. */
  readonly expires: number
}

/** PEM of a certificate and its key, not looked at yet. */
interface CertificateText {
  readonly cert: string
  readonly key: string
}

/** Whether a text of the configuration is PEM itself, rather than the path of a file. */
export function isPem(text: string): boolean {
  return text.startsWith('-----BEGIN ')
}

/**
 * Reads a certificate of `server.tls` and its key, and checks that they can serve.
 *
 * @param index - Its place among the certificates.
 * @param now - Milliseconds since the epoch.
 * @throws {CertificateError}
 */
export async function readCertificate(
  config: CertificateConfig,
  index: number,
  now: number
): Promise<Certificate> {
  const place = placeOf(index)
  const [cert, key] = await Promise.all([
    readPem(config.cert, [...place, 'cert']),
    readPem(config.key, [...place, 'key'])
  ])
  return checkCertificate({ cert, key }, config.hosts, index, now)
}

/**
 * Checks that a certificate can serve: it is one, the key is its own, it is valid now and for these hosts.
 *
 * @param hosts - Names that it has to cover; undefined = those that it has.
 * @param index - Its place among the certificates.
 * @param now - Milliseconds since the epoch.
 * @throws {CertificateError}
 */
export function checkCertificate(
  { cert, key }: CertificateText,
  hosts: readonly string[] | undefined,
  index: number,
  now: number
): Certificate {
  const place = placeOf(index)
  const certPlace = [...place, 'cert']
  const leaf = parseCertificate(cert, certPlace)
  const privateKey = parseKey(key, [...place, 'key'])
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new CertificateError(
      'key_mismatch',
      [...place, 'key'],
      'expected the key of this certificate, got that of another'
    )
  }
  checkUsable(cert, key, certPlace)
  const [from, to] = [leaf.validFromDate, leaf.validToDate]
  if (now > to.getTime()) {
    throw new CertificateError(
      'expired',
      certPlace,
      `expected a certificate that is valid now, got one that expired at ${to.toISOString()}`
    )
  }
  if (now < from.getTime()) {
    throw new CertificateError(
      'not_yet_valid',
      certPlace,
      `expected a certificate that is valid now, got one that is not before ${from.toISOString()}`
    )
  }
  const covered = coveredHosts(leaf, hosts, place)
  if (covered.length === 0 && index > 0) {
    const expected =
      'expected a certificate with a DNS name: only the first one is for clients that name none'
    throw new CertificateError('hosts_mismatch', certPlace, expected)
  }
  return { cert, key, hosts: covered, expires: to.getTime() }
}

function placeOf(index: number): Path {
  return ['server', 'tls', 'certificates', index]
}

/**
 * The text of PEM that is given as such, or as the path of a file.
 *
 * @throws {CertificateError}
 */
export async function readPem(source: string, place: Path): Promise<string> {
  if (isPem(source)) return source
  try {
    return await readFile(source, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an error'
    throw new CertificateError('unreadable', place, `expected a readable PEM file, got ${code}`)
  }
}

function parseCertificate(cert: string, place: Path): X509Certificate {
  try {
    return new X509Certificate(cert)
  } catch {
    throw new CertificateError('not_a_certificate', place, 'expected a certificate in PEM')
  }
}

/** @throws {CertificateError} */
export function parseKey(key: string, place: Path): KeyObject {
  try {
    return createPrivateKey(key)
  } catch {
    // Node's own message may quote what it could not read.
    throw new CertificateError('not_a_key', place, 'expected a private key in PEM, without a passphrase')
  }
}

/** What else the TLS library asks for, such as a key of enough bits and a chain of certificates. */
function checkUsable(cert: string, key: string, place: Path): void {
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    const { reason } = error as { reason?: string }
    throw new CertificateError(
      'not_a_certificate',
      place,
      `expected a certificate and a chain that the TLS library takes, got "${reason ?? 'an error'}"`
    )
  }
}

function coveredHosts(
  leaf: X509Certificate,
  hosts: readonly string[] | undefined,
  place: Path
): readonly string[] {
  const names = dnsNames(leaf.subjectAltName)
  if (!hosts) return names
  const missing = hosts.flatMap((host, index) => (covers(leaf, names, host) ? [] : [{ host, index }]))
  const [first] = missing
  if (!first) return hosts
  throw new CertificateError(
    'hosts_mismatch',
    [...place, 'hosts', first.index],
    `expected hosts that the certificate is for (${names.join(', ') || 'no name'}), got ${missing
      .map(({ host }) => host)
      .join(', ')}`
  )
}

/** RFC 6125 section 6.4, without the subject's common name, which clients no longer look at. */
function covers(leaf: X509Certificate, names: readonly string[], host: string): boolean {
  if (host.startsWith('*.')) return names.includes(host)
  if (isIP(host) > 0) return leaf.checkIP(host) !== undefined
  return leaf.checkHost(host, { subject: 'never', partialWildcards: false }) !== undefined
}
