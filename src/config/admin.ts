import { BlockList, isIP, isIPv6 } from 'node:net'
import { quote, type SourceDocument } from './document.ts'
import type { Finding } from './issue.ts'
import { present } from './resolve-parts.ts'
import type { RawConfig } from './schema.ts'
import type { Sound } from './sound.ts'
import type { AdminConfig, AdminToken } from './types.ts'

type RawAdmin = NonNullable<RawConfig['admin']>

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether only this machine can reach an address. @param host - An address, IPv6 without brackets, or a name. */
export function isLoopback(host: string): boolean {
  if (isIP(host) === 0) return host.toLowerCase() === 'localhost'
  return LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4')
}

/** Checks `admin`: that whoever else can reach it has a token, and that each token is one. */
export function checkAdmin(document: SourceDocument, admin: Sound<RawAdmin> | undefined): Finding[] {
  const { host, tokens } = admin ?? {}
  const findings = checkTokens(document, tokens ?? [])
  const isOpen = !document.has(['admin', 'tokens']) || tokens?.length === 0
  if (host !== undefined && isOpen && !isLoopback(host)) {
    const path = ['admin', 'host']
    const expected = 'expected a loopback address (127.0.0.0/8, ::1 or localhost), or tokens beside it'
    findings.push({ path, message: `${expected}, got ${quote(document, path, host)}` })
  }
  return findings
}

/** Nothing of a token is told. */
function checkTokens(document: SourceDocument, tokens: NonNullable<Sound<RawAdmin>['tokens']>): Finding[] {
  const named = tokens.map((entry) => (typeof entry === 'string' ? { token: entry } : entry))
  const names = named.map((entry, index) => (entry && 'name' in entry ? entry.name : nameOf(index)))
  return named.flatMap((entry, index) => {
    const place = ['admin', 'tokens', index]
    const findings: Finding[] = []
    const twin = named.findIndex((each) => each?.token !== undefined && each.token === entry?.token)
    if (entry?.token !== undefined && twin !== index) {
      findings.push({ path: place, message: `expected every token once, got that of tokens[${twin}] again` })
    }
    const name = names[index]
    const namesake = names.indexOf(name)
    if (name !== undefined && namesake !== index) {
      // Of two, one is written, since those that are made differ: it says what may be printed.
      const isWritten = document.has([...place, 'name'])
      const got = quote(document, ['admin', 'tokens', isWritten ? index : namesake, 'name'], name)
      findings.push({ path: place, message: `expected a unique name, got ${got} again` })
    }
    return findings
  })
}

/** `admin`. */
export function resolveAdmin({ host, port, tokens }: RawAdmin): AdminConfig {
  return {
    host: present(host),
    port: present(port),
    tokens: present(tokens).map((entry, index): AdminToken =>
      typeof entry === 'string' ? { name: nameOf(index), token: entry } : { ...entry }
    )
  }
}

function nameOf(index: number): string {
  return `token-${index + 1}`
}
