import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBlocks } from '../docs/blocks.ts'

const FILE = 'docs/migration.md'
const BLOCKS = readBlocks(FILE, await readFile(join(import.meta.dirname, '../..', FILE), 'utf8')).filter(
  ({ heading }) => heading === 'The example'
)

/** What the page has the same example for. */
export type Kind = 'yaml' | 'nginx' | 'haproxy' | 'ts'

/** The servers of the example as the page has them. */
export const SERVERS = ['10.0.0.11:3001', '10.0.0.12:3001', '10.0.0.21:3021', '10.0.0.22:3021'] as const

/** Certificates as the page has them, by what is in the file. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
  /** Both, as HAProxy reads them. */
  readonly both: string
}

/** What stands in place of what the page names. */
export interface Places {
  /** `host:port`, in the order of {@link SERVERS}. */
  readonly servers: readonly string[]
  readonly https: number
  readonly http: number
  readonly files: CertificateFiles
}

/** The example of a kind, with its servers, ports and certificates on this machine. @throws Error when the page lacks something */
export function exampleOf(kind: Kind, { servers, https, http, files }: Places): string {
  const block = BLOCKS.find(({ language, words }) => language === kind && !words.includes('traefik'))
  if (!block) throw new Error(`${FILE} has no example for ${kind}`)
  const replacements: [string | RegExp, string, isOptional?: boolean][] = [
    ...SERVERS.map((server, index): [string, string, boolean] => [server, servers[index]!, kind === 'ts']),
    [/[\w/]+\/shop\.crt/g, files.cert, kind === 'haproxy'],
    [/[\w/]+\/shop\.key/g, files.key, kind === 'haproxy'],
    [/[\w/]+\/shop\.pem/g, files.both, kind !== 'haproxy']
  ]
  let { text } = block
  for (const [from, to, isOptional] of [...replacements, ...portsOf(kind, https, http)]) {
    const next = text.replaceAll(from, to)
    if (next === text && !isOptional) throw new Error(`${FILE}: the example for ${kind} has no ${from}`)
    text = next
  }
  return text
}

function portsOf(kind: Kind, https: number, http: number): [string, string][] {
  const replacements: Record<Kind, [string, string][]> = {
    yaml: [
      ['port: 443\n', `port: ${https}\n  host: 127.0.0.1\n  workers: 0\n`],
      ['redirect: { port: 80 }', `redirect: { port: ${http}, httpsPort: 443 }`],
      // Nobody wants to wait for three of them.
      ['interval: 2s', 'interval: 200ms']
    ],
    nginx: [
      ['listen 80;', `listen 127.0.0.1:${http};`],
      ['listen 443 ', `listen 127.0.0.1:${https} `]
    ],
    haproxy: [
      ['bind :80\n', `bind 127.0.0.1:${http}\n`],
      ['bind :443 ', `bind 127.0.0.1:${https} `]
    ],
    ts: [["host: '0.0.0.0', port: 443", `host: '127.0.0.1', port: ${https}`]]
  }
  return replacements[kind]
}
