/** A consumer's name as a header field can hold it: what is no visible ASCII, and `%`, stands percent-encoded as UTF-8. */
export function consumerValue(name: string): string {
  return name.isWellFormed()
    ? name.replaceAll(/[^\x21-\x24\x26-\x7e]+/g, encodeURIComponent)
    : consumerValue(name.toWellFormed())
}
