import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import { parseOrigin } from './origin.ts'
import type { Path } from './path.ts'
import { checkPem, type PemKind } from './pem.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'

type RawServerTls = NonNullable<NonNullable<RawConfig['server']>['tls']>
type RawGroup = NonNullable<RawConfig['upstreams']>[string]

/** What each key that takes PEM must hold. */
const PEM_KINDS = { ca: 'certificate', cert: 'certificate', key: 'private key' } as const satisfies Record<
  string,
  PemKind
>

/** Checks `server.tls`: that PEM is none or whole, and that no two certificates claim one host. */
export function checkServerTls(document: SourceDocument, tls: Sound<RawServerTls> | undefined): Finding[] {
  const certificates = tls?.certificates ?? []
  const places = certificates.map((_, index) => ['server', 'tls', 'certificates', index])
  return [
    ...places.flatMap((place, index) => checkPems(document, place, certificates[index] ?? {})),
    ...checkHosts(
      document,
      places.flatMap((place, index) =>
        (certificates[index]?.hosts ?? []).map((host, at) => ({ host, path: [...place, 'hosts', at] }))
      )
    )
  ]
}

/** Checks `tls` of a group: PEM, that certificate and key come together, and that there is a backend to use it for. */
export function checkUpstreamTls(
  document: SourceDocument,
  group: Path,
  { tls, backends }: Pick<Sound<RawGroup>, 'tls' | 'backends'>
): Finding[] {
  if (!tls) return []
  const path = [...group, 'tls']
  const findings = [...checkPems(document, path, tls), ...checkPair(document, path)]
  if (isPlain(backends)) {
    findings.push({ path, message: 'expected an https:// backend in the group to use it for, got none' })
  }
  return findings
}

function checkPems(
  document: SourceDocument,
  path: Path,
  holder: { readonly [K in keyof typeof PEM_KINDS]?: string | undefined }
): Finding[] {
  return (['ca', 'cert', 'key'] as const).flatMap((key) => {
    const text = holder[key]
    if (text === undefined) return []
    const expected = checkPem(text, PEM_KINDS[key])
    if (expected === undefined) return []
    const place = [...path, key]
    return [{ path: place, message: `expected ${expected}, got ${quoteCertainly(document, place, text)}` }]
  })
}

/** Quotes what can't be a key without the PEM around it, which nothing takes out of messages. */
function quoteCertainly(document: SourceDocument, place: Path, text: string): string {
  const isSafe = document.writtenAt(place) !== undefined || text.includes('-----BEGIN ')
  return isSafe ? quote(document, place, text) : 'text that is neither'
}

function checkHosts(
  document: SourceDocument,
  claims: readonly { readonly host: string | undefined; readonly path: Path }[]
): Finding[] {
  const seen = new Map<string, Path>()
  return claims.flatMap(({ host, path }) => {
    if (host === undefined) return []
    const first = seen.get(host.toLowerCase())
    if (!first) {
      seen.set(host.toLowerCase(), path)
      return []
    }
    const got = `got ${quote(document, path, host)} again; the first is at line ${document.lineOf(first)}`
    return [{ path, message: `expected every host in one certificate, and once, ${got}` }]
  })
}

function checkPair(document: SourceDocument, path: Path): Finding[] {
  const [cert, key] = [
    [...path, 'cert'],
    [...path, 'key']
  ]
  if (document.has(cert) === document.has(key)) return []
  return document.has(cert)
    ? [{ path: key, message: 'expected the private key of the certificate, got nothing' }]
    : [{ path: cert, message: 'expected the certificate of the key, got nothing' }]
}

/** Whether all backends are known, and none of them is reached over TLS. */
function isPlain(backends: Sound<RawGroup>['backends']): boolean {
  return (
    backends?.every((backend) => {
      const url = typeof backend === 'string' ? backend : backend?.url
      const parsed = url === undefined ? undefined : parseOrigin(url)
      return parsed && 'origin' in parsed && parsed.origin.startsWith('http:')
    }) === true
  )
}
