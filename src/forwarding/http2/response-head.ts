import { STATUS_CODES } from 'node:http'

/** The status of a header, names and values in turn, whose first field is `:status`, as nghttp2 has made sure. */
export function statusOf(raw: readonly string[]): number {
  return raw[0] === ':status' ? Number(raw[1]) : 0
}

/** HTTP/2 has none. One that is empty is no error over HTTP/1.1, but there are clients that miss it. */
export function reasonPhrase(status: number): string {
  return STATUS_CODES[status] ?? ''
}

/** What a header's Content-Length says, in bytes; undefined when it has none. */
export function announcedLength(raw: readonly string[]): number | undefined {
  for (let index = 0; index < raw.length; index += 2)
    if (raw[index] === 'content-length') return Number(raw[index + 1])
  return undefined
}
