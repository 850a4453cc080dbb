/** One entry of the text that Node makes: a kind, and a value that is quoted as in JSON when it holds odd characters. */
const ENTRY = /(?<kind>[A-Za-z ]+):(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^,]*))(?:, |$)/g

/**
 * The DNS names of a certificate, lower case, without those that are no host names.
 *
 * @param text - As Node's `X509Certificate.subjectAltName` gives them: `DNS:a.example, IP Address:10.0.0.1`.
 */
export function dnsNames(text: string | undefined): string[] {
  const names = [...(text ?? '').matchAll(ENTRY)].flatMap(({ groups }) =>
    groups?.['kind'] === 'DNS' && groups['plain'] !== undefined ? [groups['plain'].toLowerCase()] : []
  )
  return [...new Set(names)]
}
