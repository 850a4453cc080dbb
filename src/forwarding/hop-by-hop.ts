/**
 * Fields that concern one connection only and go no further (RFC 9110 section 7.6.1), with the older ones that
 * senders still use.
 */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade'
])

/**
 * Names that Connection must not have (RFC 9110 section 7.6.1: what is for all recipients) and that would change what
 * the message is: where it goes and where it ends.
 */
const END_TO_END: ReadonlySet<string> = new Set(['close', 'content-length', 'expect', 'host', 'keep-alive'])

/** The fields that a message's Connection names, in lower case; undefined when it names none of interest. */
export function connectionOptions(rawHeaders: readonly string[]): ReadonlySet<string> | undefined {
  let options: Set<string> | undefined
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    for (const part of rawHeaders[index + 1]!.split(',')) {
      const option = part.trim().toLowerCase()
      if (option !== '' && !END_TO_END.has(option)) (options ??= new Set()).add(option)
    }
  }
  return options
}

/**
 * Whether a field ends at this hop.
 *
 * @param name - In lower case.
 * @param options - What the message's Connection names.
 */
export function isHopByHop(name: string, options: ReadonlySet<string> | undefined): boolean {
  return HOP_BY_HOP.has(name) || (options !== undefined && options.has(name))
}

/** Whether a TE field says that trailers may come back; all else that it says ends at this hop (RFC 9110 section 10.1.4). */
export function takesTrailers(te: string): boolean {
  return /(?:^|,)\s*trailers\s*(?:[;,]|$)/i.test(te)
}
