import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import type { Cleanup } from './cleanup.ts'

/** Types of records by their numbers. */
const TYPES = { A: 1, AAAA: 28, SRV: 33 } as const

/** What a question is about. */
export type DnsType = keyof typeof TYPES

/** A record. Times to live are in seconds. */
export type DnsRecord =
  | { readonly address: string; readonly ttl?: number }
  | {
      readonly target: string
      readonly port: number
      readonly priority?: number
      readonly weight?: number
      readonly ttl?: number
    }

/** `hang`: no answer at all. No records: there are none of this type (NODATA). */
export type DnsReply = readonly DnsRecord[] | 'nxdomain' | 'servfail' | 'refused' | 'hang'

const CODES = { servfail: 2, nxdomain: 3, refused: 5 } as const

/** A name server on loopback (RFC 1035, UDP only) whose answers may be changed at any time. */
export interface DnsServer {
  /** `127.0.0.1:port`. */
  readonly address: string
  /** Answers so from now on. Names and types that were never set do not exist (NXDOMAIN) and have no records (NODATA). */
  set(name: string, replies: Readonly<Partial<Record<DnsType, DnsReply>>> | DnsReply): void
  /** Questions so far, tries again included. */
  count(name: string, type?: DnsType): number
}

/** Starts a name server that is closed after the test. */
export async function startDnsServer(t: Cleanup): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const zone = new Map<string, Readonly<Partial<Record<DnsType, DnsReply>>> | DnsReply>()
  const counts = new Map<string, number>()
  const replyTo = (name: string, type: DnsType): DnsReply => {
    const entry = zone.get(name) ?? 'nxdomain'
    return typeof entry === 'string' || isList(entry) ? entry : (entry[type] ?? [])
  }
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, type, end } = readQuestion(query)
    if (!type) return
    for (const key of [name, `${name} ${type}`]) counts.set(key, (counts.get(key) ?? 0) + 1)
    const reply = replyTo(name, type)
    if (reply !== 'hang') socket.send(encode(query.subarray(0, end), type, reply), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.after(() => socket.close())
  return {
    address: `127.0.0.1:${socket.address().port}`,
    set: (name, replies) => zone.set(name.toLowerCase(), replies),
    count: (name, type) => counts.get(type ? `${name} ${type}` : name) ?? 0
  }
}

function isList(entry: object): entry is readonly DnsRecord[] {
  return Array.isArray(entry)
}

/** The one question of a query, which begins after the header of 12 bytes. */
function readQuestion(query: Buffer): { name: string; type: DnsType | undefined; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const number = query.readUInt16BE(at + 1)
  const type = (Object.keys(TYPES) as DnsType[]).find((key) => TYPES[key] === number)
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 }
}

/** @param question - Header and question of the query. */
function encode(question: Buffer, type: DnsType, reply: Exclude<DnsReply, 'hang'>): Buffer {
  const records = typeof reply === 'string' ? [] : reply
  const head = Buffer.from(question)
  // A response, authoritative, recursion desired and available.
  head.writeUInt16BE(0x8580 | (typeof reply === 'string' ? CODES[reply] : 0), 2)
  head.writeUInt16BE(records.length, 6)
  // No further sections: the query may have had one (EDNS).
  head.writeUInt16BE(0, 10)
  return Buffer.concat([head, ...records.map((record) => encodeRecord(type, record))])
}

function encodeRecord(type: DnsType, record: DnsRecord): Buffer {
  const data = 'address' in record ? encodeAddress(record.address) : encodeService(record)
  const head = Buffer.alloc(12)
  // The name is that of the question, at byte 12.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(TYPES[type], 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(record.ttl ?? 60, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function encodeAddress(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [before = '', after] = address.split('::')
  const left = before.split(':').filter(Boolean)
  const right = (after ?? '').split(':').filter(Boolean)
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  const groups = [...left, ...zeros, ...right]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function encodeService({
  target,
  port,
  priority = 0,
  weight = 0
}: Extract<DnsRecord, { target: string }>): Buffer {
  const head = Buffer.alloc(6)
  head.writeUInt16BE(priority, 0)
  head.writeUInt16BE(weight, 2)
  head.writeUInt16BE(port, 4)
  const labels = target.split('.').filter(Boolean)
  return Buffer.concat([
    head,
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.alloc(1)
  ])
}
