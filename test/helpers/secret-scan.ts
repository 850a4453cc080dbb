import assert from 'node:assert/strict'
import { after } from 'node:test'

/*
 * Every line of a log that a test's helpers see is looked at for secrets: those of the gateway's configuration, and
 * whatever looks like one. Whoever imports this fails with its file's end when there was one.
 */

/** Keys of a configuration whose texts are secrets. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['token', 'tokens', 'hash', 'secret', 'password', 'key'])
/** Keys of mappings of header fields whose values are secrets, or may be. */
const FIELD_KEYS: ReadonlySet<string> = new Set(['headers', 'set'])
/** A shorter text may stand anywhere. */
const LEAST_LENGTH = 8

/** What looks like a secret, whoever made it. */
const PATTERNS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['a bearer token', /\bbearer\s+(?!realm=)\S/i],
  ['basic credentials', /\bbasic [\w+/]{8,}=*/i],
  ['a JWT', /\beyJ[\w-]{8,}\.[\w-]+/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['a password in a URL', /\b[a-z][a-z\d+.-]*:\/\/[^\s/"'@]*:(?!\[redacted\])[^\s/"'@]+@/i],
  ['a cookie', /\b(?:set-)?cookie["']?\s*:\s*["']?[\w-]+=/i],
  // What tests call theirs.
  ['a secret', /\b(?!affinity-)[a-z]+-secret\b/i]
]

const known = new Set<string>()
const findings: string[] = []

/** Makes a text known as one that no log may have. */
export function registerSecret(text: string): void {
  if (text.length >= LEAST_LENGTH) known.add(text)
}

/** Makes what is secret in a configuration, as it is written, known as such. */
export function registerSecretsOf(config: unknown, path: readonly string[] = []): void {
  if (Array.isArray(config)) for (const item of config) registerSecretsOf(item, path)
  else if (typeof config === 'object' && config !== null) {
    for (const [key, value] of Object.entries(config)) registerSecretsOf(value, [...path, key])
  } else if (typeof config === 'string') registerText(config, path)
}

function registerText(text: string, path: readonly string[]): void {
  const [parent = '', key = ''] = path.slice(-2)
  if (text.includes('PRIVATE KEY-----')) for (const line of text.split('\n')) registerSecret(line)
  else if (parent !== 'balancing' && parent !== 'rateLimit' && !text.startsWith('/')) {
    if (SECRET_KEYS.has(key) || FIELD_KEYS.has(parent)) registerSecret(text)
  }
  const { password = '' } = URL.parse(text) ?? {}
  registerSecret(password)
}

/** What in some lines of a log looks like a secret, or is known as one. */
export function findSecrets(text: string): string[] {
  const found = PATTERNS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what)
  for (const secret of known) if (text.includes(secret)) found.push('a secret of the configuration')
  return found
}

/** Looks at some lines of a log. */
export function scanLog(text: string): void {
  const found = findSecrets(text)
  if (found.length > 0 && findings.length < 10) findings.push(`${found.join(', ')}: ${text.trim()}`)
}

after(() => assert.deepEqual(findings, [], 'secrets in a log'))
