import { resolve } from 'node:path'

/** What is wanted in PEM; messages name it so. */
export type PemKind = 'certificate' | 'private key'

const BEGIN = '-----BEGIN '

/** A whole block (RFC 7468 section 2), on lines of its own. */
const BLOCK = /^-----BEGIN (?<label>[A-Z0-9 ]+)-----[ \t]*\r?\n[^]+?\n-----END \k<label>-----/gm

/** Ends of the labels that each kind goes by: `RSA PRIVATE KEY` and `TRUSTED CERTIFICATE` are old names. */
const LABEL = { certificate: 'CERTIFICATE', 'private key': 'PRIVATE KEY' } as const

/**
 * A key that somebody put in without the PEM around it: the base64 of DER, or of the whole PEM text as Kubernetes keeps
 * it. As a path it would come to nothing but a message of a missing file, with the key in it.
 */
const BARE_BASE64 = /^(?:M[A-P]|LS0tLS1C)[A-Za-z0-9+/]{40,}={0,2}$/

/**
 * Checks a value that is a path or PEM text itself. Files are not looked at.
 *
 * @returns What was expected instead; it never repeats the text, which may be a key.
 */
export function checkPem(text: string, kind: PemKind): string | undefined {
  const isGood = text.includes(BEGIN)
    ? [...text.matchAll(BLOCK)].some(({ groups }) => groups?.['label']?.endsWith(LABEL[kind]))
    : !/\p{Cc}/u.test(text) && !BARE_BASE64.test(text)
  return isGood ? undefined : `the path of a PEM file, or PEM text of a ${kind} with all its lines`
}

/**
 * Resolves a value that {@link checkPem} finds nothing wrong with.
 *
 * @param folder - Where relative paths start.
 * @returns An absolute path; or PEM text that starts with `-----BEGIN`, without the explanations before it.
 */
export function resolvePem(folder: string, text: string): string {
  const start = text.indexOf(BEGIN)
  return start === -1 ? resolve(folder, text) : text.slice(start)
}

/** Takes PEM out of a text that will be printed; a second time changes nothing. */
export function redactPem(text: string): string {
  return text.replace(/-----BEGIN(?!…)[^]*?(?:-----END[A-Z0-9 ]*-----|$)/g, '-----BEGIN…')
}
