/** Of a `traceparent`, in characters: version 00 has 55. What is kept of it keeps all of it in memory. */
const MOST_OF_PARENT = 512

/** What a `traceparent` says (W3C Trace Context, section 3.2). */
export interface TraceParent {
  /** 32 hexadecimal digits in lower case, not all 0. */
  readonly traceId: string
  /** Of the caller's span: 16 such digits. */
  readonly parentId: string
  /** Whether the caller records the trace. */
  readonly isSampled: boolean
}

/**
 * Version, trace id, parent id and flags. Of a version that is not known yet more may follow; version ff never is one.
 * Several fields have become one with commas in it, and are none.
 */
const TRACEPARENT =
  /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:$|(?<!^00.{53})-[^,]*$)/

/**
 * Reads a `traceparent`. What a client sends may be anything.
 *
 * @param text - The field's value, several joined by commas as Node does.
 * @returns Undefined when it is not valid: then a new trace begins, and `tracestate` means nothing.
 */
export function parseTraceparent(text: string): TraceParent | undefined {
  if (text.length > MOST_OF_PARENT || !TRACEPARENT.test(text)) return undefined
  return {
    traceId: text.slice(3, 35),
    parentId: text.slice(36, 52),
    isSampled: (Number.parseInt(text[54]!, 16) & 1) === 1
  }
}

/** Writes a `traceparent` of version 00; of its flags that recommendation has but one. */
export function formatTraceparent(traceId: string, spanId: string, isSampled: boolean): string {
  return isSampled ? `00-${traceId}-${spanId}-01` : `00-${traceId}-${spanId}-00`
}

/** Section 3.3.1.3: a key, simple or of one of several tenants, and a value that does not end in a space. */
const MEMBER =
  /^(?:[a-z][a-z\d_*/-]{0,255}|[a-z\d][a-z\d_*/-]{0,240}@[a-z][a-z\d_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

const MOST_MEMBERS = 32
/** What is passed on, in characters: as much as everybody has to. */
const MOST_PASSED = 512
/** Members above this go first, in characters. */
const LARGE_MEMBER = 128
/** What is looked at, in characters: no more is worth the time. */
const MOST_READ = 8192

/**
 * The `tracestate` that goes on: the members that came, in their order, up to 512 characters of them (section 3.3.1.5).
 *
 * @param text - The field's value, several joined by commas as Node does.
 * @returns Undefined when it is not valid, or empty: then none goes on.
 */
export function forwardedTracestate(text: string): string | undefined {
  if (text.length > MOST_READ) return undefined
  const members: string[] = []
  const keys: string[] = []
  let length = -1
  for (const part of text.split(',')) {
    const member = part.trim()
    if (member === '') continue
    const key = member.slice(0, member.indexOf('='))
    if (!MEMBER.test(member) || keys.includes(key) || members.length === MOST_MEMBERS) return undefined
    members.push(member)
    keys.push(key)
    length += member.length + 1
  }
  if (length > MOST_PASSED) shorten(members, length)
  return members.length === 0 ? undefined : members.join(',')
}

/** @param length - Of all of them, joined. */
function shorten(members: string[], length: number): void {
  let rest = length
  for (const isDue of [(member: string) => member.length > LARGE_MEMBER, () => true]) {
    for (let index = members.length - 1; index >= 0 && rest > MOST_PASSED; index--) {
      if (!isDue(members[index]!)) continue
      rest -= members[index]!.length + 1
      members.splice(index, 1)
    }
  }
}
