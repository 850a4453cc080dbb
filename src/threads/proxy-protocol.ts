import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** Whom a PROXY protocol header names as the client. */
export interface ProxySource {
  /** In its usual form. */
  readonly address: string
  readonly port: number
  readonly family: 'IPv4' | 'IPv6'
}

/** What the bytes at the start of a connection are. */
export type ProxyHeader =
  /** More are needed to tell. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: ProxyHeaderError }
  /** @property source - undefined when the peer speaks for itself (LOCAL), or for somebody without an IP address. */
  | { readonly kind: 'complete'; readonly length: number; readonly source: ProxySource | undefined }

/** Why bytes are no header, as data. */
export type ProxyHeaderError = 'signature' | 'line' | 'version' | 'command' | 'family' | 'length' | 'address'

/** Longest header of version 1, in bytes, its end of line included. */
const MAX_LINE = 107
/** Longest header of version 2 that is taken, in bytes: room for what TLVs usually tell, and no more. */
const MAX_BINARY = 4096

const LINE_START = Buffer.from('PROXY ', 'latin1')
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Bytes before the addresses of version 2: the signature, version and command, family, length. */
const FIXED = SIGNATURE.length + 4

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' }

/**
 * Reads the header that a proxy in front sends before everything else, in the text of version 1 or the binary form of
 * version 2, as HAProxy's specification of the PROXY protocol says (sections 2.1 and 2.2). TLVs are skipped.
 *
 * @param bytes - All that have come on the connection so far.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsAlike(bytes, SIGNATURE)) return bytes.length < FIXED ? INCOMPLETE : parseBinary(bytes)
  if (startsAlike(bytes, LINE_START)) return bytes.length < LINE_START.length ? INCOMPLETE : parseLine(bytes)
  return invalid('signature')
}

/** Whether one begins with the other, as far as there is anything to compare. */
function startsAlike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.compare(start, 0, length, 0, length) === 0
}

/** `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443` and CRLF. */
function parseLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, MAX_LINE).indexOf('\r\n')
  if (end === -1) {
    const isOver = bytes.length >= MAX_LINE || bytes.subarray(0, -1).includes('\r') || bytes.includes('\n')
    return isOver ? invalid('line') : INCOMPLETE
  }
  const length = end + 2
  const words = bytes.toString('latin1', LINE_START.length, end).split(' ')
  const [protocol, from = '', to = '', fromPort = '', toPort = ''] = words
  // What stands behind it is to be ignored.
  if (protocol === 'UNKNOWN') return { kind: 'complete', length, source: undefined }
  const isAddress = protocol === 'TCP4' ? isIPv4 : protocol === 'TCP6' ? isPlainIPv6 : undefined
  if (!isAddress) return invalid('family')
  if (words.length !== 5) return invalid('line')
  if (!isAddress(from) || !isAddress(to) || !isPort(fromPort) || !isPort(toPort)) return invalid('address')
  return { kind: 'complete', length, source: source(from, Number(fromPort), isAddress === isIPv4) }
}

function isPlainIPv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%')
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535
}

/** Bytes of source and destination, by address family: none, IPv4, IPv6, Unix. */
const ADDRESS_BYTES = [0, 12, 36, 216] as const

function parseBinary(bytes: Buffer): ProxyHeader {
  const versionAndCommand = bytes[SIGNATURE.length]!
  const familyAndTransport = bytes[SIGNATURE.length + 1]!
  const size = bytes.readUInt16BE(SIGNATURE.length + 2)
  const length = FIXED + size
  if (versionAndCommand >> 4 !== 2) return invalid('version')
  const command = versionAndCommand & 0x0f
  if (command > 1) return invalid('command')
  if (length > MAX_BINARY) return invalid('length')
  const isLocal = command === 0
  const family = familyAndTransport >> 4
  const transport = familyAndTransport & 0x0f
  const needed = ADDRESS_BYTES[family]
  // A peer that speaks for itself may write anything there.
  if (!isLocal && (needed === undefined || transport > 2)) return invalid('family')
  if (!isLocal && size < needed!) return invalid('length')
  if (bytes.length < length) return INCOMPLETE
  const isStream = transport === 1
  const hasAddress = !isLocal && isStream && (family === 1 || family === 2)
  return { kind: 'complete', length, source: hasAddress ? binarySource(bytes, family === 1) : undefined }
}

function binarySource(bytes: Buffer, isV4: boolean): ProxySource {
  const addresses = bytes.subarray(FIXED)
  if (isV4) return source(addresses.subarray(0, 4).join('.'), addresses.readUInt16BE(8), true)
  const groups = Array.from({ length: 8 }, (_, index) => addresses.readUInt16BE(2 * index).toString(16))
  return source(groups.join(':'), addresses.readUInt16BE(32), false)
}

function source(address: string, port: number, isV4: boolean): ProxySource {
  const usual = new SocketAddress({ address, port, family: isV4 ? 'ipv4' : 'ipv6' })
  return { address: usual.address, port, family: isV4 ? 'IPv4' : 'IPv6' }
}

function invalid(reason: ProxyHeaderError): ProxyHeader {
  return { kind: 'invalid', reason }
}
